"""What the scenes of scenes.py ask for; plan.rb is the same."""
import os
import signal
import sys
import time

import lib1

hooks = 0
value = None


def after_fork():
    global hooks
    hooks += 1


def boot():
    global value
    value = f"from boot {lib1.X}"


def child():
    import lib2
    signal.signal(signal.SIGUSR2, lambda *_: open("data.txt").read())


def broken():
    import bad


def raises():
    raise RuntimeError("no lück")


def show():
    for word in sys.argv[1:]:
        print(f"<{word}>")
    print(value, hooks, os.getppid() != os.getpid())
    print("to stderr", file=sys.stderr)
    sys.stdout.write(sys.stdin.read())
    sys.exit(7)


def count_words():
    print(len(sys.argv[1:]), sum(len(word) for word in sys.argv[1:]))


def hang():
    print("on", flush=True)
    time.sleep(1000)


def unlucky():
    raise BrokenPipeError("mine")


def env():
    print(os.environ.get("COLOUR"), "ZEUS_MASTER_FD" in os.environ)


def descriptors():
    links = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")]
    print(len([link for link in links if link.startswith(("socket", "pipe", "anon_inode:[pidfd"))]))


def terminal():
    print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty())
