"""A worker of a pool that does one thing wrong: pool-worker.py KIND. It stays until it is ended."""
import os
import socket
import sys
import time

kind = sys.argv[1]
master = socket.socket(fileno=int(os.environ["ZEUS_MASTER_FD"]))


def pass_fd(sock, *fds, text=b"\0"):
    socket.send_fds(sock, [text], fds)


def wait():
    time.sleep(1000)


def node(name="boot", pid=None, feature=True):
    own, far = socket.socketpair()
    pass_fd(master, far.fileno())
    far.close()
    own.sendall(f"P:{pid or os.getpid()}:0:{name}\0".encode())
    if feature:
        remote, pipe = os.pipe()
        pass_fd(own, remote)
        os.close(remote)
        return own, pipe
    return own, None


if kind == "silent":
    pass
elif kind == "words":
    master.send(b"hello")
elif kind == "pipe":
    pass_fd(master, os.pipe()[0])
elif kind == "many":
    pass_fd(master, *[os.pipe()[0] for _ in range(10)])
elif kind == "mute":
    own, far = socket.socketpair()
    pass_fd(master, far.fileno())
elif kind == "half":
    own, far = socket.socketpair()
    pass_fd(master, far.fileno())
    own.sendall(b"P:1")
elif kind == "liar":
    own, _ = node(pid=os.getppid())
elif kind == "stranger":
    own, _ = node(name="stranger")
elif kind == "unpiped":
    own, _ = node(feature=False)
elif kind == "socket-for-pipe":
    own, _ = node(feature=False)
    near, far = socket.socketpair()
    pass_fd(own, near.fileno())
elif kind == "garbage":
    own, _ = node()
    own.sendall(b"\x01\x02 what\0")
elif kind == "long":
    own, _ = node()
    own.sendall(b"D:" + b"1" * 200000)
elif kind == "descriptors":
    own, _ = node()
    for _ in range(20):
        try:
            pass_fd(own, *[os.pipe()[0]] * 10)
        except OSError:
            break
elif kind == "flood":
    own, _ = node()
    own.sendall(b"K:D\0")
    try:
        while True:
            own.sendall(b"D:1\0" * 10000)
    except OSError:
        pass
elif kind == "names":
    own, pipe = node()
    os.write(pipe, b"relative/path\n")
elif kind == "nameless":
    own, pipe = node()
    os.write(pipe, b"/" + b"x" * 60000)
elif kind == "crash":
    own, _ = node()
    own.sendall(b"R:" + b"e" * 300000 + b"\0")
elif kind == "features":
    own, pipe = node()
    try:
        for n in range(1000000):
            os.write(pipe, b"/%d\n" % n)
    except OSError:
        pass
wait()
