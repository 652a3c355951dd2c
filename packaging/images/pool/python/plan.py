"""A function for each node and command of zeus.json."""
import os
import signal
import sys
import time

import base

hooks = 0
seen = []


def after_fork():
    global hooks
    hooks += 1


def boot():
    seen.append("boot")


def shared():
    import common
    seen.append("shared")


def development():
    import dev
    seen.append("development")
    # What a node reads long after its action is its own as well.
    signal.signal(signal.SIGUSR2, lambda *_: open("settings.txt").read())


def testing():
    import check
    seen.append("testing")


def echo():
    for word in sys.argv[1:]:
        print(f"<{word}>")
    print("to stderr", file=sys.stderr)
    sys.stdout.write(sys.stdin.read())


def where():
    print(os.getpid(), ",".join(seen), hooks)


def finish():
    return int(sys.argv[1])


def hang():
    print(os.getpid(), flush=True)
    time.sleep(1000)


def count_words():
    print(len(sys.argv) - 1, sum(len(word) for word in sys.argv[1:]))


def console():
    import code
    code.interact(banner="console", exitmsg="")


def terminal():
    if sys.stdout.isatty():
        size = os.get_terminal_size()
        print(size.lines, size.columns)
    else:
        print("no terminal")


def variable():
    for name in sys.argv[1:]:
        print(os.environ.get(name, "unset"))


def suite():
    print("suite", *sys.argv[1:])


def lonely():
    print("lonely")
