# Sessions with archon's control socket that mean no good, drawn from a seed: `fuzzer.py SOCKET SEED COUNT VERB,…`.
# Each sends records whole and torn, random bytes, descriptors of all kinds that belong to no request, and leaves in one way or
# another. Where it sends nothing but lines whose number is known and reads to the end, the replies are counted: one line of JSON
# for each session in which they are not as many as the records, or have other tags; the last line says how many were counted.
import collections
import json
import os
import random
import re
import socket
import struct
import sys

path, seed, count, verbs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4].split(',')
rng = random.Random(seed)
REPLY = re.compile(rb'(?:@([A-Za-z0-9_-]+),)?(?:Ok|Error|ExitStatus)\b')
WORDS = [
    'web', 'job', 'all', '*', 'nothing', '', '0', '1', '-1', '99999999999999999999', '1e9', 'TERM', 'KILL', 'true', '/bin/true', '/', '..',
    'archon.timeout=1', 'archon.stdio=passed', 'archon.follow=yes', 'archon.lines=3', 'archon.since=0', 'archon.wait=no', 'archon.=', '=',
    'archon.cwd=/nowhere', 'archon.user=nobody', 'x' * 300, '\u00e4\u00f6', 'observe', 'operate', 'admin', 'running', 'ready', '@1', '__proto__',
    'constructor', 'A=b',
]
# What waits until somebody does something has no reply of its own, and what ends archon is not for here.
ENDLESS = {'Logs', 'Subscribe', 'Wait', 'Attach', 'Run', 'RunV'}
NEVER = {'Shutdown', 'Upgrade', 'Reboot'}


def word():
    return rng.choice(WORDS) if rng.random() < 0.9 else ''.join(chr(rng.randint(32, 126)) for _ in range(rng.randint(0, 40)))


def bare(text):
    return text.replace('"', '').replace(',', '').replace('\n', '')


def quoted(text):
    return '"' + text.replace('"', '""').replace('\x00', '') + '"'


def record(mayBeEndless):
    verb = rng.choice([v for v in verbs if v not in NEVER and (mayBeEndless or v not in ENDLESS)])
    if rng.random() < 0.1:
        verb = bare(word()).lstrip('@') or 'x'
    fields = [quoted(word()) if rng.random() < 0.2 else bare(word()) for _ in range(rng.choice([0, 1, 1, 2, 3, 8]))]
    tag = rng.choice(['1', '2', 'a-b', '0' * 16, 'not a tag']) if rng.random() < 0.4 else None
    line = ','.join(([f'@{tag}'] if tag else []) + [verb] + fields)
    # What is no tag is a fault of the record, and that has none.
    return line.encode(), None if tag == 'not a tag' else tag


def descriptors():
    made = []
    for _ in range(rng.randint(1, 5)):
        kind = rng.randint(0, 5)
        if kind == 0:
            made += os.pipe()
        elif kind == 1:
            made += [one.detach() for one in socket.socketpair()]
        elif kind == 2:
            made.append(os.open(rng.choice(['/dev/null', '/', '/proc/self/stat', '/dev/zero']), os.O_RDONLY))
        elif kind == 3:
            made.append(os.open('/', os.O_PATH))
        elif kind == 4:
            made.append(os.memfd_create('fuzz'))
        else:
            other = socket.socket(socket.AF_UNIX)
            other.connect(path)
            made.append(other.detach())
    return made


def send(one, data, fds=()):
    beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f'{len(fds)}i', *fds))] if fds else []
    sent = one.sendmsg([data], beside) if data else 0
    if sent < len(data):
        one.sendall(data[sent:])


def session(number):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(float(os.environ.get('PATIENCE', 20)))
    one.connect(path)
    counted = rng.random() < 0.6
    expected = collections.Counter()
    data = heard = b''
    for _ in range(rng.choice([1, 2, 5, 20, 60])):
        line, tag = record(not counted)
        if counted:
            data += line + rng.choice([b'\n', b'\n', b'\r\n', b'\n\n'])
            expected[tag] += 1
        else:
            if rng.random() < 0.3:
                at = rng.randint(0, len(line))
                line = line[:at] + bytes(rng.randint(0, 255) for _ in range(rng.randint(0, 200))) + line[at:]
            data += line + rng.choice([b'\n', b'', b'\r', b'"', b'\n"', b'\x00\n'])
    if not counted and rng.random() < 0.03:
        data += b'x' * 70000
    sent = data
    try:
        while data:
            size = rng.choice([1, 7, 100, 5000, len(data)])
            fds = descriptors() if rng.random() < 0.1 else []
            send(one, data[:size], fds)
            for fd in fds:
                os.close(fd)
            data = data[size:]
            if not counted and rng.random() < 0.02:
                break
        if not counted:
            how = rng.randint(0, 3)
            if how == 0:
                one.shutdown(socket.SHUT_RD)
            elif how == 1:
                one.shutdown(socket.SHUT_WR)
            elif how == 2:
                one.settimeout(0.05)
                one.recv(10)
            return False
        one.shutdown(socket.SHUT_WR)
        while True:
            more = one.recv(65536)
            if not more:
                break
            heard += more
        replies = collections.Counter()
        for line in heard.split(b'\n'):
            found = REPLY.match(line)
            if found:
                replies[found[1].decode() if found[1] else None] += 1
        if replies != expected:
            print(json.dumps({'session': number, 'expected': {str(k): v for k, v in expected.items()}, 'replies': {str(k): v for k, v in replies.items()}, 'tail': heard[-500:].decode('latin1')}))
        return True
    except (BrokenPipeError, ConnectionResetError) as error:
        if counted:
            print(json.dumps({'session': number, 'error': str(error)}))
        return False
    except TimeoutError:
        if not counted:
            return False
        print(json.dumps({'session': number, 'error': 'no end within 20 s', 'sent': sent.decode(), 'heard': heard.decode()}))
        return False
    finally:
        one.close()


print(sum(session(number) for number in range(count)))
