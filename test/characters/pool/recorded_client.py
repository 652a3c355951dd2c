"""Asks as zeus's own client does, byte by byte: recorded_client.py SOCKET INPUT COMMAND ARGS…; prints all that it saw as JSON."""
import json
import os
import select
import socket
import sys

path, given, command, *words = sys.argv[1:]
client = socket.socket(socket.AF_UNIX)
client.connect(path)
client.sendall(b"T:%d:%d:%s\0" % (len(words), os.getpid(), command.encode()))
args, far_args = socket.socketpair()
stdio, far_stdio = socket.socketpair()
stderr, far_stderr = socket.socketpair()
for far in (far_args, far_stdio, far_stderr):
    socket.send_fds(client, [b"\0"], [far.fileno()])
    far.close()
try:
    args.sendall(b"".join(os.fsencode(word) + b"\0" for word in words))
    stdio.sendall(given.encode())
    stdio.shutdown(socket.SHUT_WR)
except OSError:
    pass  # Answered already.
args.close()
seen = {client: b"", stdio: b"", stderr: b""}
left = set(seen)
while left:
    ready, _, _ = select.select(list(left), [], [], 60)
    assert ready, f"nothing more came after {list(seen.values())}"
    for sock in ready:
        try:
            data = sock.recv(65536)
        except ConnectionResetError:
            data = b""
        seen[sock] += data
        if not data:
            left.remove(sock)
print(json.dumps([seen[client].decode(), seen[stdio].decode(), seen[stderr].decode()]))
