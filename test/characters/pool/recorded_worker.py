"""A worker that writes the bytes which zeus's own worker in Ruby wrote, in its order and in its pieces; see also recorded_client.py.

What others might do otherwise: the root calls itself `boot`, a message and its descriptor come in one piece, a node keeps what it has
of its parent's NODE, reaps only when it is asked for something, and a command that a signal ended is told as 0.
"""
import os
import signal
import socket
import sys

master = socket.socket(fileno=int(os.environ["ZEUS_MASTER_FD"]))


def pass_descriptor(to, before, descriptor):
    socket.send_fds(to, [before + b"\0"], [descriptor])


def take(sock):
    return socket.recv_fds(sock, 1, 1)[1][0]


def be_node(name, parent):
    near, far = socket.socketpair()
    pass_descriptor(master, b"", far.fileno())
    far.close()
    features, own = os.pipe()
    pass_descriptor(near, b"P:%d:%d:%s\0" % (os.getpid(), parent, name), features)
    os.close(features)
    os.write(own, b"%s\n" % os.fsencode(os.path.abspath(name.decode() + ".txt")))
    if name == b"broken":
        near.sendall(b"R:broken.rb:1:in `require': no such thing (RuntimeError)\n\tfrom plan.rb:3\n\0")
        os._exit(1)
    near.sendall(b"R:OK\0")
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        for message in near.recv(1024).split(b"\0"):
            if not message:
                continue
            me = os.getpid()
            if os.fork() == 0:
                os.close(own)
                if message[:2] == b"S:":
                    be_node(message[2:], me)
                be_runner(message[2:], near, me)


def be_runner(name, node, pid):
    os.setsid()
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    pass_descriptor(node, b"", far.fileno())
    far.close()
    node.close()
    client, count = near.recv(65536).rstrip(b"\0").split(b":")
    with open(take(near), "rb") as file:
        words = file.read().split(b"\0")[:int(count)]
    child = os.fork()
    if child == 0:
        stdio, stderr = take(near), take(near)
        near.send(b"P:%d:%d:\0" % (os.getpid(), pid))
        for source, target in ((stdio, 0), (stdio, 1), (stderr, 2)):
            os.dup2(source, target)
        be_command(name, words)
    status = os.waitpid(child, 0)[1]
    near.send(b"%d\0" % (os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0))
    os._exit(0)


def be_command(name, words):
    if name == b"hang":
        os.write(1, b"on\n")
        signal.pause()
    os.write(1, b"|".join([name, *words]) + b"\n")
    os.write(2, b"to stderr\n")
    while data := os.read(0, 65536):
        os.write(1, data)
    os._exit(9)


signal.signal(signal.SIGINT, signal.SIG_IGN)
be_node(b"boot", 0)
