"""A person at a terminal: typist.py STEPS COMMAND ARGS…, where STEPS is JSON of [wait for this text, then type that] pairs.

`{"rows": R, "columns": C}` instead of a text to type makes the window of that size. It prints what the terminal showed, then as its
last line as JSON the exit status and whether the terminal is as it was.
"""
import fcntl
import json
import os
import select
import struct
import sys
import termios

steps = json.loads(sys.argv[1])
master, slave = os.openpty()
resize = lambda rows, columns: fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
resize(24, 80)
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(slave, number)
    os.close(master)
    os.execvp(sys.argv[2], sys.argv[2:])
ended = os.pidfd_open(pid)
shown = unread = again = ""
tries = 120
while True:
    while steps and steps[0][0] in unread:
        wanted, typed = steps.pop(0)
        unread = unread[unread.index(wanted) + len(wanted):]
        again = ""
        if isinstance(typed, dict):
            resize(typed["rows"], typed["columns"])
            continue
        os.write(master, typed.encode())
        # Python hears no ^C between its prompt and its read: a person types it again.
        again = typed if typed == "\x03" else ""
    ready, _, _ = select.select([master, ended], [], [], 0.5 if again else 60)
    if not ready and again and tries > 0:
        tries -= 1
        os.write(master, again.encode())
        continue
    if not ready:
        print(f"{shown}\nnothing more was shown; still to come: {steps}")
        os.kill(pid, 9)
        sys.exit(1)
    if master in ready:
        data = os.read(master, 65536).decode(errors="replace")
        shown += data
        unread += data
    elif ended in ready:
        break
print(shown.replace("\r\n", "\n"))
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"status": status, "same": termios.tcgetattr(slave) == before, "left": steps}))
