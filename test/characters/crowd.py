# Holds many connections to archon's control socket: `crowd.py SOCKET COUNT WORDS` sends WORDS on each and reads nothing; it says
# how many were turned away once a line comes on stdin, and ends with it.
import select
import socket
import sys

path, count, words = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode().decode('unicode_escape').encode()
crowd = []
for _ in range(count):
    one = socket.socket(socket.AF_UNIX)
    one.connect(path)
    one.setblocking(False)
    try:
        one.send(words)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError):
        pass
    crowd.append(one)
print('all are there', flush=True)
for line in sys.stdin:
    away = 0
    for one in crowd:
        try:
            said = one.recv(100)
            away += b'too many connections' in said or b'request refused' in said
        except (BlockingIOError, ConnectionResetError):
            pass
    print(f'{away} were turned away', flush=True)
