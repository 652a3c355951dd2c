"""The master's side of a pool's wire, byte by byte: what a worker must say, and a scene that it is asked to play.

    pool_master.py DIRECTORY [--caps A,D,F,E] -- WORKER ARGS…

Scenes are functions below; each says what it saw as one line of JSON. A worker that says something else, or nothing for ten
seconds, ends it with a trace. With --record FILE all that went over the wire is written there.
"""
import array
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

PATIENCE = float(os.environ.get("PATIENCE", "30"))


class Stream:
    """A stream socket on which messages that end with NUL come, and descriptors: two queues, as they may come together."""

    def __init__(self, sock, name, record):
        self.sock, self.name, self.record = sock, name, record
        self.text, self.messages, self.descriptors, self.ended = b"", [], [], False
        sock.settimeout(PATIENCE)

    def fill(self):
        data, descriptors, _, _ = socket.recv_fds(self.sock, 65536, 16)
        self.record(self.name, "worker", data, len(descriptors))
        self.descriptors += descriptors
        if not data:
            self.ended = True
            return
        *whole, self.text = (self.text + data).split(b"\0")
        self.messages += [message.decode(errors="surrogateescape") for message in whole if message]

    def message(self):
        while not self.messages:
            assert not self.ended, f"{self.name} ended where a message was due"
            self.fill()
        return self.messages.pop(0)

    def descriptor(self):
        while not self.descriptors:
            assert not self.ended, f"{self.name} ended where a descriptor was due"
            self.fill()
        return self.descriptors.pop(0)

    def end(self):
        while not self.ended:
            try:
                self.fill()
            except ConnectionResetError:
                self.ended = True
        return self.messages

    def send(self, message):
        self.record(self.name, "master", message.encode() + b"\0", 0)
        self.sock.sendall(message.encode(errors="surrogateescape") + b"\0")


class Node:
    """One registered node: its stream, its features, what it said of itself."""

    def __init__(self, master):
        descriptor = socket.recv_fds(master.sock, 1024, 4)
        assert len(descriptor[1]) == 1, "MASTER carries one descriptor in each message"
        master.record("MASTER", "worker", descriptor[0], 1)
        sock = socket.socket(fileno=descriptor[1][0])
        self.maker = peer(sock)
        self.stream = Stream(sock, "NODE", master.record)
        kind, pid, parent, self.name = self.stream.message().split(":", 3)
        assert kind == "P"
        self.pid, self.parent = int(pid), int(parent)
        assert self.pid == self.maker, "who says P: made the socket"
        self.features_pipe = None
        self.caps = []
        if master.caps:
            said = self.stream.message()
            assert said.startswith("K:"), said
            self.caps = said[2:].split(",")
        self.features_pipe = self.stream.descriptor()
        os.set_blocking(self.features_pipe, False)
        self.features_text = b""

    def action(self, text=""):
        if "A" in self.caps:
            self.stream.send("A:" + text)

    def features(self):
        """All that was told until now."""
        while True:
            try:
                data = os.read(self.features_pipe, 65536)
            except BlockingIOError:
                break
            if not data:
                break
            self.features_text += data
        return [line.decode() for line in self.features_text.split(b"\n")[:-1]]

    def feature(self, path):
        """Waits until a path is told."""
        while path not in self.features():
            ready, _, _ = select.select([self.features_pipe], [], [], PATIENCE)
            assert ready, f"{path} was not told, only {self.features()[-5:]}"

    def result(self):
        said = self.stream.message()
        assert said.startswith("R:"), said
        return said[2:]

    def child(self, name, item=""):
        self.stream.send("S:" + name)
        node = Node(self.master)
        node.master = self.master
        node.action(item)
        return node

    def run(self, command, args=(), stdin=b"", variables=None, item=None, client=None, count=None, tty=False):
        if item is not None:
            self.stream.send("A:" + item)
        return Run(self, command, args, stdin, variables, client, count)


class Run:
    def __init__(self, node, command, args, stdin, variables, client, count):
        self.record = node.stream.record
        node.stream.send("C:" + command)
        self.command = socket.socket(fileno=node.stream.descriptor())
        self.command.settimeout(PATIENCE)
        self.runner = peer(self.command)
        self.out, far_out = socket.socketpair()
        self.err, far_err = socket.socketpair()
        near_args, far_args = socket.socketpair()
        self.send(b"%d:%d\0" % (client or os.getpid(), len(args) if count is None else count))
        files = [far_args, far_out, far_err]
        if "E" in node.caps:
            memory = os.memfd_create("environment")
            os.write(memory, b"".join(f"{name}={value}\0".encode() for name, value in (variables or {}).items()))
            files.append(memory)
        for file in files:
            self.send(b"\0", [file if isinstance(file, int) else file.fileno()])
        for file in files:
            os.close(file) if isinstance(file, int) else file.close()
        if os.fork() == 0:
            near_args.sendall(b"".join(arg + b"\0" for arg in args))
            os._exit(0)
        near_args.close()
        if stdin is not None:
            self.out.sendall(stdin)
            self.out.shutdown(socket.SHUT_WR)
        said = self.said()
        if said.startswith("P:"):
            _, pid, parent, _ = said.split(":", 3)
            self.pid, self.parent = int(pid), int(parent)
            self.early = None
        else:
            self.early = int(said)

    def send(self, data, descriptors=()):
        self.record("COMMAND", "master", data, len(descriptors))
        self.command.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else [])

    def said(self):
        data = self.command.recv(65536)
        self.record("COMMAND", "worker", data, 0)
        assert data.endswith(b"\0") and data.count(b"\0") == 1, data
        return data[:-1].decode()

    def end(self):
        """Both streams until their end, and the status."""
        out = [b"", b""]
        left = {self.out: 0, self.err: 1}
        while left:
            ready, _, _ = select.select(list(left), [], [], PATIENCE)
            assert ready, "a command's streams did not end"
            for sock in ready:
                try:
                    data = sock.recv(65536)
                except ConnectionResetError:
                    data = b""
                if data:
                    out[left[sock]] += data
                else:
                    del left[sock]
        status = self.early if self.early is not None else int(self.said())
        return status, out[0].decode(errors="surrogateescape"), out[1].decode(errors="surrogateescape")


class Master:
    def __init__(self, argv, caps, directory=None):
        self.caps = caps
        self.log = []
        self.sock, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.settimeout(PATIENCE)
        # As in an image that says nothing of a locale.
        environment = {**os.environ, "LC_ALL": "C", "ZEUS_MASTER_FD": str(other.fileno())}
        environment.pop("ARCHON_ZEUS_CAPS", None)
        if caps:
            environment["ARCHON_ZEUS_CAPS"] = ",".join(caps)
        self.process = subprocess.Popen(argv, pass_fds=[other.fileno()], env=environment, cwd=directory)
        other.close()

    def record(self, channel, who, data, descriptors):
        self.log.append((channel, who, data.decode(errors="surrogateescape"), descriptors))

    def root(self, item=""):
        node = Node(self)
        node.master = self
        node.action(item)
        return node


def peer(sock):
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], sys.byteorder)


def ended(pid):
    """Waits until a process, of whomever, has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([descriptor], [], [], PATIENCE)
    os.close(descriptor)
    return bool(ready)
