"""A client of a pool, by the wire alone: pool-client.py SOCKET MODE …

    run COMMAND ARG…       one command, with this process's stdin; its output and status are this process's
    crowd COUNT COMMAND    so many at once; says how many got each status, and what was written to their stderr
    many COUNT COMMAND     so many at once, each with its own number as argument; says how many were right
    bad COUNT KIND         so many clients that do it wrong: silent, half, garbage, long, fds, gone, empty
    env COMMAND NAME=VALUE…  with these variables
"""
import json
import os
import select
import socket
import sys
import threading

path, mode, *rest = sys.argv[1:]


def dial():
    sock = socket.socket(socket.AF_UNIX)
    if len(os.fsencode(path)) > 107:
        folder = os.open(os.path.dirname(path), os.O_PATH)
        sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        os.close(folder)
    else:
        sock.connect(path)
    return sock


def pass_fd(sock, fd):
    socket.send_fds(sock, [b"\0"], [fd])


def ask(command, args, variables=None):
    """What is left: the connection, and our ends of ARGS, STDIO and STDERR."""
    sock = dial()
    ours = []
    sock.sendall(f"T:{len(args)}:{os.getpid()}:{command}\0".encode() + (b"" if variables is None else b"E:1\0"))
    for _ in range(3):
        own, far = socket.socketpair()
        ours.append(own)
        pass_fd(sock, far.fileno())
        far.close()
    if variables is not None:
        file = os.memfd_create("environment")
        os.write(file, b"".join(os.fsencode(each) + b"\0" for each in variables))
        pass_fd(sock, file)
        os.close(file)

    def send():
        try:
            ours[0].sendall(b"".join(os.fsencode(arg) + b"\0" for arg in args))
        except OSError:
            pass
        ours[0].close()

    threading.Thread(target=send, daemon=True).start()
    return sock, ours


def finish(sock, ours, given=b""):
    """(pid, status, stdout, stderr); status None: the connection ended without one."""
    _, stdio, stderr = ours
    try:
        stdio.sendall(given)
        stdio.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    texts = {stdio: b"", stderr: b"", sock: b""}
    left = set(texts)
    while left:
        for each in select.select(left, [], [])[0]:
            try:
                data = each.recv(65536)
            except ConnectionResetError:
                data = b""
            texts[each] += data
            if not data:
                left.discard(each)
    for each in texts:
        each.close()
    numbers = [int(part) for part in texts[sock].split(b"\0") if part] + [None, None]
    return numbers[0], numbers[1], texts[stdio], texts[stderr]


def run(command, args, given=b"", variables=None):
    return finish(*ask(command, args, variables), given)


def many(count, command):
    right = []

    def one(number):
        _, status, out, _ = run(command, [str(number)])
        right.append(status == 0 and out.decode().strip() == str(number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sum(right), len(right))


def crowd(count, command):
    statuses = {}
    texts = set()

    def one(number):
        try:
            _, status, _, err = run(command, [str(number)])
        except OSError as error:
            status, err = str(error), b""
        statuses[status] = statuses.get(status, 0) + 1
        if err:
            texts.add(err.decode())

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"statuses": statuses, "texts": sorted(texts)}))


def bad(count, kind):
    for _ in range(count):
        sock = dial()
        own, far = socket.socketpair()
        try:
            if kind == "half":
                sock.sendall(b"T:0:1:ec")
                pass_fd(sock, far.fileno())
            elif kind == "garbage":
                sock.sendall(os.urandom(300) + b"\0hello\0")
            elif kind == "long":
                sock.sendall(b"x" * 200000)
            elif kind == "fds":
                for _ in range(12):
                    socket.send_fds(sock, [b"\0"], [far.fileno()] * 10)
            elif kind == "gone":
                sock, _ = ask("echo", ["a"])
            elif kind == "empty":
                sock.sendall(b"\0" * 1000)
        except OSError:
            pass
        own.close()
        far.close()
        sock.close()
    print("done")


if mode == "run":
    given = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    _, status, out, err = run(rest[0], rest[1:], given)
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    sys.stdout.flush()
    os._exit(250 if status is None else status)
elif mode == "env":
    _, status, out, _ = run(rest[0], [], b"", rest[1:])
    sys.stdout.buffer.write(out)
elif mode == "crowd":
    crowd(int(rest[0]), rest[1])
elif mode == "many":
    many(int(rest[0]), rest[1])
elif mode == "hold":
    # The pid of its command, and then it waits to be killed.
    sock, ours = ask(rest[0], rest[1:])
    data = b""
    while b"\0" not in data:
        data += sock.recv(100)
    print(data.split(b"\0")[0].decode(), flush=True)
    status, _, _, err = finish(sock, ours)
    sys.stderr.buffer.write(err)
    sys.stderr.flush()
    print("status", status, flush=True)
else:
    bad(int(rest[0]), rest[1])
