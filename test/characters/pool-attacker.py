"""A worker of a pool that wants to harm it: pool-attacker.py KIND. It is the root, `boot`, whose command is `x`."""
import fcntl
import os
import signal
import socket
import sys
import time

kind = sys.argv[1]
master = socket.socket(fileno=int(os.environ["ZEUS_MASTER_FD"]))
own, far = socket.socketpair()
socket.send_fds(master, [b"\0"], [far.fileno()])
far.close()
own.sendall(f"P:{os.getpid()}:0:boot\0".encode())
remote, pipe = os.pipe()
socket.send_fds(own, [b"\0"], [remote])


def runner():
    """Waits for an order, and is its runner as far as COMMAND."""
    while b"C:" not in own.recv(1000):
        pass
    mine, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    socket.send_fds(own, [b"\0"], [far.fileno()])
    far.close()
    return mine


if kind == "deaf":
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
elif kind == "blocking":
    # Reading of what it has passed shall wait.
    time.sleep(0.5)
    fcntl.fcntl(remote, fcntl.F_SETFL, 0)
    os.write(pipe, b"/a\n")

own.sendall(b"R:OK\0")

if kind == "stopped":
    print("now it stops", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
elif kind == "lying-runner":
    mine = runner()
    for _ in range(4):
        mine.recv(1000)
    mine.send(f"P:1:{os.getpid()}:\0".encode())
while True:
    time.sleep(1000)
