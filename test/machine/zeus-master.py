"""A pool's master of few words for tests of its client: each command runs in a process of its own, forked here.

usage: zeus-master.py SOCKET   it says "listens" and then a line for what it sees.
"""
import ctypes
import os
import pty
import select
import signal
import socket
import sys


def end_with_parent():
    """What a test has left would hold its outputs open (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def say(*words):
    os.write(1, (' '.join(str(word) for word in words) + '\n').encode())


def passed(connection, texts):
    """The next descriptor; texts on the way are kept."""
    while True:
        data, fds, _, _ = socket.recv_fds(connection, 4096, 1)
        if not data and not fds:
            raise EOFError
        texts.extend(text for text in data.split(b'\0') if text)
        if fds:
            return fds[0]


def whole(fd):
    parts = []
    while True:
        part = os.read(fd, 1 << 16)
        if not part:
            return b''.join(parts)
        parts.append(part)


def on_signals(*names):
    """Says each signal on its stdout, until TERM has come; blocked, as a handler may be called just before a wait, and not end it."""
    numbers = [getattr(signal, name) for name in names]
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    os.write(1, b'hears\n')
    name = ''
    while name != 'SIGTERM':
        name = signal.Signals(signal.sigwait(numbers)).name
        size = ' %dx%d' % os.get_terminal_size(1)[::-1] if name == 'SIGWINCH' else ''
        os.write(1, (name + size + '\n').encode())


def run(name, args, env):
    if name == 'args':
        sys.stdout.write(repr(args) + '\n')
    elif name == 'sum':
        sys.stdout.write('%d %d\n' % (len(args), sum(len(arg) for arg in args)))
    elif name == 'env':
        sys.stdout.write(env.get(args[0].decode(), 'unset') + '\n')
    elif name == 'exit':
        sys.stdout.flush()
        os._exit(int(args[0]))
    elif name == 'die':
        os.kill(os.getpid(), int(args[0]))
    elif name == 'echo':
        sys.stdout.write('out\n')
        sys.stderr.write('err\n')
    elif name == 'cat':
        sys.stdout.buffer.write(sys.stdin.buffer.read())
    elif name == 'count':
        sys.stdout.write('%d\n' % len(sys.stdin.buffer.read()))
    elif name == 'flood':
        sys.stdout.buffer.write(b'x' * int(args[0]))
        sys.stdout.flush()
        os._exit(3)
    elif name == 'forever':
        while True:
            os.write(1, b'y' * 4096)
    elif name == 'streams':
        sys.stdout.write(' '.join(str(os.isatty(fd)) for fd in (0, 1, 2)) + '\n')
    elif name == 'size':
        sys.stdout.write('%dx%d\n' % os.get_terminal_size(1)[::-1])
    elif name == 'signals':
        on_signals('SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGCONT', 'SIGWINCH', 'SIGTERM')
    elif name == 'wait':
        os.write(1, b'waits\n')
        signal.pause()
    elif name == 'line':
        os.write(1, b'reads\n')
        sys.stdout.write('got ' + sys.stdin.readline())
    elif name == 'leaves':
        if os.fork() == 0:
            hangs_up = select.poll()
            hangs_up.register(1, 0)
            hangs_up.poll()
            os._exit(0)
        sys.stdout.write('left\n')
    elif name == 'raw':
        import tty
        tty.setraw(0)
        os.write(1, b'raw\r\n')
        os.write(1, repr(os.read(0, 1)).encode())
    elif name == 'exec':
        sys.stdout.flush()
        os.execvp(args[0], args)
    sys.stdout.flush()
    sys.stderr.flush()


def command(name, args, env, stdio, stderr):
    os.setsid()
    for number in (signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(stdio, 0)
    os.dup2(stdio, 1)
    os.dup2(stderr, 2)
    os.closerange(3, 64)
    try:
        run(name, args, env)
    except KeyboardInterrupt:
        os._exit(130)
    os._exit(0)


def serve(connection):
    texts = []
    args_fd, stdio, stderr = (passed(connection, texts) for _ in range(3))
    _, argc, client, name = texts[0].decode().split(':', 3)
    env = {}
    if b'E:1' in texts:
        memory = passed(connection, texts)
        pairs = os.pread(memory, 1 << 22, 0).split(b'\0')
        env = dict(pair.decode(errors='replace').split('=', 1) for pair in pairs if pair)
        os.close(memory)
    args = whole(args_fd).split(b'\0')[:-1]
    if len(args) != int(argc):
        say('wrong argc', argc, len(args))
    if name == 'slow':
        # It answers when it is told, if anybody still waits.
        say('asked', client)
        while not signal.sigtimedwait([signal.SIGUSR2], 0.1):
            select.select([connection], [], [], 0)[0] and passed(connection, texts)
    if name == 'strange':
        connection.sendall(b'hello\0')
        return
    if name == 'never':
        return
    if name == 'crashed':
        connection.sendall(b'0\0')
        os.write(stdio, b'it is broken\nat line 2\n')
        connection.sendall(b'1\0')
        return
    if name == 'nope':
        connection.sendall(b'0\0')
        os.write(stderr, b'there is no command nope; did you mean note?\n')
        connection.sendall(b'127\0')
        return
    if name == 'tells':
        connection.sendall(args[0] + b'\0')
        return
    told, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        if name != 'orphan' and b'alone' not in args:
            end_with_parent()
        # Its client knows the pid before it sees anything else.
        os.read(told, 1)
        command(name, args, env, stdio, stderr)
    os.close(stdio)
    os.close(stderr)
    connection.sendall(b'%d\0' % pid)
    say('runs', name, pid, client)
    os.write(tells, b'.')
    if name == 'orphan':
        return
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    say('ended', name, code)
    connection.sendall(b'%d\0' % (code if code >= 0 else 128 - code))


def main():
    path = sys.argv[1]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda *_: say('USR1'))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(128)
    with open(os.path.join(os.path.dirname(path), '.zeus.pid'), 'w') as file:
        file.write('%d\n' % os.getpid())
    say('listens')
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            end_with_parent()
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGUSR1, signal.SIG_DFL)
            try:
                serve(connection)
            except (EOFError, BrokenPipeError):
                say('gone')
            os._exit(0)
        connection.close()


main()
