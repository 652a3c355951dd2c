#!/usr/bin/env python3
"""A pool's worker in Python: loads once, then forks a warm process for each node and command that archon asks for.

    archon_worker.py [PLAN.py [ROOT]]

PLAN.py is a module with a function for each node and command (`-` is written `_`); at its top stands what all need. Another master
than archon does not tell what the root is called: then it is ROOT, or `boot`. `after_fork`, if it is there, runs first in every
fork: reconnect there what cannot be shared. Texts of `items:` are run with the plan's names. In a command `sys.argv` is as typed;
it ends as by sys.exit(what it returned).

What is said here to the pool's master is docs/reference/pool-wire.md. Linux, Python 3.9 or later, nothing besides the standard library.
Processes are forked: threads that a node starts do not live on in its forks.
"""
import atexit
import functools
import gc
import importlib.util
import io
import os
import select
import signal
import socket
import stat
import sys
import threading
import traceback
import types

CAPABILITIES = ("A", "D", "E")
# Of a message; the master takes 64 KiB.
LONGEST_TEXT = 60_000
# The master hands a command over at once, or has gone.
HAND_OVER = 10


class Features:
    """Tells the master which files this node has read: each one once, and none that its parent has told."""

    def __init__(self):
        self.pipe = None
        self.told = set()
        # Hears of every open(), and so of each source, library and data file, of imports that fail too.
        sys.addaudithook(self.heard)

    def begin(self):
        """Makes the pipe, and gives the end to be read."""
        remote, self.pipe = os.pipe()
        return remote

    def end(self):
        """What forks of a node read is their own matter."""
        if self.pipe is not None:
            os.close(self.pipe)
        self.pipe = None

    def heard(self, event, args):
        if self.pipe is None:
            return
        if event == "open" and not isinstance(args[0], int) and not args[2] & (os.O_WRONLY | os.O_RDWR):
            self.tell(args[0])
        elif event == "import" and args[1]:
            self.tell(args[1])

    def tell(self, path):
        # An error would fail what the program does.
        try:
            path = os.path.abspath(os.fsdecode(path))
            if path.endswith(".pyc"):
                path = importlib.util.source_from_cache(path)
            # A link and what it leads to may both be changed.
            for name in {path, os.path.realpath(path)} - self.told:
                line = os.fsencode(name) + b"\n"
                regular = stat.S_ISREG(os.stat(name).st_mode) and not name.startswith(("/proc/", "/sys/", "/dev/"))
                if regular and line.count(b"\n") == 1 and len(line) <= select.PIPE_BUF:
                    self.told.add(name)
                    os.write(self.pipe, line)
        except (OSError, ValueError, TypeError):
            pass

    def failed(self, error):
        """Files that an error names: mending one of them is the way out."""
        while error is not None:
            if isinstance(error, SyntaxError) and error.filename:
                self.tell(error.filename)
            for frame, _ in traceback.walk_tb(users(error.__traceback__)):
                self.tell(frame.f_code.co_filename)
            error = error.__cause__ or error.__context__


class Worker:
    """This process: a node, a runner, or a command. Each fork unwinds to `main` as what it is to be next."""

    def __init__(self, plan=None, root=""):
        self.master = socket.socket(fileno=int(os.environ.pop("ZEUS_MASTER_FD")))
        self.master.set_inheritable(False)
        offered = os.environ.pop("ARCHON_ZEUS_CAPS", "").split(",")
        self.said = [name for name in CAPABILITIES if name in offered]
        self.file = plan and os.path.abspath(plan)
        self.root = root or os.environ.pop("ARCHON_ZEUS_ROOT", "")
        self.plan = types.ModuleType("plan")
        self.features = Features()
        self.node = None
        self.unread = b""
        self.must_finalize = False

    # A node.

    def be_node(self, name, parent):
        """Registers, loads, then forks what the master asks for. Gives what a fork is to be."""
        title(name or "boot")
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.node, remote = socket.socketpair()
        self.unread = b""
        send_descriptor(self.master, remote.fileno())
        remote.close()
        self.say(f"P:{os.getpid()}:{parent}:{name}")
        if self.said:
            self.say("K:" + ",".join(self.said))
        features = self.features.begin()
        send_descriptor(self.node, features)
        os.close(features)
        item = self.item() if "A" in self.said else ""
        try:
            if parent:
                self.call("after_fork")
            else:
                self.load()
            self.act(name or "boot", item)
        except BaseException as error:
            self.features.failed(error)
            self.say("R:" + told(error))
            flush()
            os._exit(1)
        # A block that a node has entered is not for each of its commands to leave.
        self.must_finalize = self.must_finalize or has_finalizers(PLAIN | {types.GeneratorType})
        # What was loaded is not touched by forks' collections, and so stays shared.
        gc.freeze()
        self.say("R:OK")
        return self.serve()

    def load(self):
        if not self.file:
            return
        sys.path[0] = os.path.dirname(self.file)
        sys.modules["plan"] = self.plan
        self.plan.__file__ = self.file
        with open(self.file, "rb") as source:
            exec(compile(source.read(), self.file, "exec"), self.plan.__dict__)

    def serve(self):
        children = {}
        item = ""
        poll = select.poll()
        poll.register(self.node, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor in children:
                    poll.unregister(descriptor)
                    os.close(descriptor)
                    pid = children.pop(descriptor)
                    os.waitpid(pid, 0)
                    if "D" in self.said:
                        self.say(f"D:{pid}")
                    continue
                for message in self.receive():
                    kind, _, name = message.partition(":")
                    if kind == "A":
                        item = name
                    if kind not in ("S", "C"):
                        continue
                    flush()
                    node = os.getpid()
                    pid = os.fork()
                    if pid == 0:
                        for each in children:
                            os.close(each)
                        self.features.end()
                        if kind == "C":
                            return functools.partial(self.be_runner, name, item, node)
                        self.node.close()
                        return functools.partial(self.be_node, name, node)
                    item = ""
                    child = os.pidfd_open(pid)
                    children[child] = pid
                    poll.register(child, select.POLLIN)

    # A command, and the runner that waits for it.

    def be_runner(self, name, item, node):
        """Takes what the master hands over, and waits for the command. Gives what the fork is to be."""
        title("run " + name)
        os.setsid()
        command, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        send_descriptor(self.node, remote.fileno())
        for sock in (remote, self.node, self.master):
            sock.close()
        command.settimeout(HAND_OVER)
        client, count = (int(part) for part in command.recv(256).rstrip(b"\0").split(b":"))
        arguments, stdio, stderr = (take_descriptor(command) for _ in range(3))
        environment = take_descriptor(command) if "E" in self.said else None
        args = words(arguments)
        variables = [] if environment is None else words(environment)
        if len(args) != count:
            os.write(stderr, b"archon_worker: %d arguments came of %d\n" % (len(args), count))
            command.send(b"1\0")
            os._exit(1)
        try:
            gone = os.pidfd_open(client)
        except OSError:
            # Of another namespace, or gone already: the master sees its connection end.
            gone = -1
        pid = os.fork()
        if pid == 0:
            command.close()
            if gone >= 0:
                os.close(gone)
            return functools.partial(self.be_command, name, item, args, variables, stdio, stderr)
        os.close(stdio)
        os.close(stderr)
        command.send(b"P:%d:%d:\0" % (pid, node))
        poll = select.poll()
        ended = os.pidfd_open(pid)
        poll.register(ended, select.POLLIN)
        if gone >= 0:
            poll.register(gone, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            if ended in ready:
                break
            os.kill(pid, signal.SIGKILL)
            poll.unregister(gone)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        command.send(b"%d\0" % (code if code >= 0 else 128 - code))
        os._exit(0)

    def be_command(self, name, item, args, variables, stdio, stderr):
        title(name)
        for descriptor, number in ((stdio, 0), (stdio, 1), (stderr, 2)):
            os.set_blocking(descriptor, True)
            os.dup2(descriptor, number)
        os.close(stdio)
        os.close(stderr)
        for number, stream, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
            old = getattr(sys, "__" + stream + "__")
            lines = mode == "w" and (number == 2 or os.isatty(number))
            form = (old.encoding, old.errors) if old else ()
            setattr(sys, stream, open(number, mode, 1 if lines else -1, *form, closefd=False))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.excepthook = lambda kind, error, trace: traceback.print_exception(kind, error, users(trace))
        for variable in variables:
            key, _, value = variable.partition("=")
            os.environ[key] = value
        sys.argv = [name, *args]
        self.call("after_fork")
        try:
            result = self.act(name, item, True)
        except SystemExit as end:
            result = end.code
        except BaseException:
            gc.unfreeze()
            raise
        self.leave(result)

    def leave(self, result):
        """
        As sys.exit, at once where no one can tell: to free all that was loaded is to touch it, and so the kernel would copy what is
        shared with the node, for nothing.
        """
        if result is None or isinstance(result, int):
            threading._shutdown()
            try:
                atexit._run_exitfuncs()
                for stream in (sys.__stdout__, sys.__stderr__, sys.stdout, sys.stderr):
                    if stream is not None:
                        stream.flush()
                if not (self.must_finalize or has_finalizers() or has_libraries()):
                    os._exit((result or 0) & 255)
            except Exception:
                # What it does about that is Python's matter.
                pass
        # Its last collection is of all there is: what only cycles keep may be a file that is still to be written.
        gc.unfreeze()
        sys.exit(result)

    # What the user wrote.

    def act(self, name, item, must=False):
        if item:
            return exec(compile(item, f"<items: {name}>", "exec"), self.plan.__dict__)
        return self.call(name, must)

    def call(self, name, must=False):
        function = getattr(self.plan, name.replace("-", "_"), None)
        if callable(function):
            return function()
        if must:
            return f"archon_worker: {self.file or 'the plan'} has no function {name.replace('-', '_')}"

    # The wire.

    def say(self, message):
        self.node.sendall(message.replace("\0", "").encode(errors="surrogateescape") + b"\0")

    def receive(self):
        """Waits for messages. When the master has gone, so does this process."""
        data = self.node.recv(65536)
        if not data:
            flush()
            os._exit(1)
        *messages, self.unread = (self.unread + data).split(b"\0")
        return [message.decode(errors="surrogateescape") for message in messages if message]

    def item(self):
        """The text that the master has for this node's action; empty without one."""
        while True:
            for message in self.receive():
                if message.startswith("A:"):
                    return message[2:]


def send_descriptor(to, descriptor):
    socket.send_fds(to, [b"\0"], [descriptor])


def take_descriptor(command):
    return socket.recv_fds(command, 1, 1)[1][0]


def words(descriptor):
    """What a descriptor holds until its end, in parts that end with NUL."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.lseek(descriptor, 0, os.SEEK_SET)
    read = b"".join(iter(functools.partial(os.read, descriptor, 65536), b""))
    os.close(descriptor)
    return [os.fsdecode(part) for part in read.split(b"\0")[:-1]]


# The kernel does all that is to be done at their end.
PLAIN = {socket.socket, io.FileIO, io.BufferedReader, io.BytesIO, io.StringIO}


def has_finalizers(plain=PLAIN):
    """Whether something since the last freeze does something at its end, as a file that is still to be written."""
    streams = [sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__]
    own = {id(each) for stream in streams for each in (stream, getattr(stream, "buffer", None))}
    objects = gc.get_objects()
    kinds = {kind for kind in set(map(type, objects)) - plain if hasattr(kind, "__del__")}
    return any(type(each) in kinds and id(each) not in own for each in objects)


def has_libraries():
    """Whether there is native code besides Python's own, which may do something at the end of the process."""
    home = os.path.dirname(os.__file__)
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if name in ("_ctypes", "_dbm", "_gdbm") or path.endswith(".so") and ("-packages/" in path or not path.startswith(home)):
            return True
    return False


def users(trace):
    """A trace without this file's part."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def told(error):
    """An error as it would be on stderr."""
    lines = traceback.format_exception(type(error), error, users(error.__traceback__))
    return "".join(lines).encode(errors="surrogateescape")[-LONGEST_TEXT:].decode(errors="replace")


def title(name):
    """The name in `ps`; the kernel keeps 15 bytes."""
    comm = os.open("/proc/self/comm", os.O_WRONLY)
    os.write(comm, name.encode(errors="replace"))
    os.close(comm)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass


def main():
    if "ZEUS_MASTER_FD" not in os.environ:
        sys.exit("archon_worker: is started by a pool: command: python3 archon_worker.py plan.py")
    worker = Worker(*sys.argv[1:3])
    be = functools.partial(worker.be_node, worker.root, 0)
    while be.func != worker.be_command:
        try:
            be = be()
        except (ConnectionError, TimeoutError):
            # The master has gone.
            os._exit(1)
    be()


main()
