"""Asks a worker everything that the wire has, without a pool: scenes.py python|ruby WORKERS plain|capable SCENE.

A scene ends with 0, or with a trace where the worker says something else, or nothing for PATIENCE seconds.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from master import Master, Node, ended, peer

here = os.path.dirname(os.path.abspath(__file__))
language, workers, mode, scene = sys.argv[1:5]
ending = {"python": "py", "ruby": "rb"}[language]
folder = os.path.realpath(tempfile.mkdtemp())


def path(name):
    return os.path.join(folder, name)


def write(name, text):
    with open(path(name), "w") as file:
        file.write(text)


def start(plan=True):
    shutil.copy(os.path.join(here, "plan." + ending), path("plan." + ending))
    write("lib1." + ending, "X = 1\n")
    write("lib2." + ending, "Y = 2\n")
    write("data.txt", "data")
    program = [language if language == "ruby" else sys.executable, os.path.join(workers, "archon_worker." + ending)]
    return Master(program + (["plan." + ending] if plan else []), "A,D,F,E".split(",") if mode == "capable" else [], folder)


def booted(node):
    result = node.result()
    assert result == "OK", result
    return node


def equal(seen, wanted):
    assert seen == wanted, f"{seen!r} where {wanted!r} was due"


def registers():
    master = start()
    root = booted(master.root())
    equal((root.name, root.parent, root.pid), ("", 0, master.process.pid))
    child = booted(root.child("child"))
    equal((child.name, child.parent), ("child", root.pid))
    equal(open(f"/proc/{child.pid}/comm").read(), "child\n")


def tells_files_once():
    root = booted(start().root())
    for name in ("plan." + ending, "lib1." + ending):
        root.feature(path(name))
    child = booted(root.child("child"))
    child.feature(path("lib2." + ending))
    assert path("lib1." + ending) not in child.features(), "a parent's file is not told again"
    equal(len(set(root.features())), len(root.features()))


def tells_files_later():
    child = booted(booted(start().root()).child("child"))
    assert path("data.txt") not in child.features()
    # Python may hear of a signal that comes just before it waits only when it is next awake.
    while path("data.txt") not in child.features():
        os.kill(child.pid, signal.SIGUSR2)
        time.sleep(0.05)


def tells_of_failures():
    root = booted(start().root())
    write("bad." + ending, "def (:\n" if language == "python" else "def (\n")
    child = root.child("broken")
    text = child.result()
    assert "bad." + ending in text and "SyntaxError" in text or "syntax error" in text, text
    child.feature(path("bad." + ending))
    equal(child.stream.end(), [])
    assert ended(child.pid)
    child = root.child("raises")
    text = child.result()
    assert "RuntimeError" in text and "no lück" in text and "archon_worker" not in text, text


def fails_at_the_root():
    master = start()
    write("lib1." + ending, "raise 'x' +\n" if language == "ruby" else "raise +\n")
    root = master.root()
    assert "lib1." + ending in root.result()
    root.feature(path("lib1." + ending))
    master.process.wait()


def hands_everything_over():
    child = booted(booted(start().root()).child("child"))
    run = child.run("show", [b"a b", b"", b"x:y\n", "ü".encode()], b"from stdin")
    equal(run.parent, child.pid)
    assert run.pid not in (child.pid, run.runner)
    equal(run.end(), (7, "<a b>\n<>\n<x:y\n>\n<ü>\nfrom boot 1 2 True\nfrom stdin", "to stderr\n"))


def takes_a_mebibyte():
    root = booted(start().root())
    equal(root.run("count-words", [b"x" * 1024] * 1024).end(), (0, f"1024 {1 << 20}\n", ""))


def counts_arguments():
    root = booted(start().root())
    status, _, errors = root.run("show", [b"x"], count=2).end()
    assert status == 1 and "arguments" in errors, errors


def ends_as_its_signal():
    root = booted(start().root())
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
        run = root.run("hang")
        equal(run.out.recv(3), b"on\n")
        os.kill(run.pid, number)
        equal(run.end()[0], 128 + number)


def ends_with_its_client():
    root = booted(start().root())
    client = subprocess.Popen(["sleep", "1000"])
    run = root.run("hang", client=client.pid)
    equal(run.out.recv(3), b"on\n")
    client.kill()
    client.wait()
    equal(run.end()[0], 137)
    assert ended(run.pid) and ended(run.runner)


def keeps_errors_of_commands():
    status, _, errors = booted(start().root()).run("unlucky").end()
    assert status == 1 and "mine" in errors and "archon_worker" not in errors.split("\n")[0], errors
    status, _, errors = booted(start().root()).run("nowhere").end()
    assert status == 1 and "nowhere" in errors, errors


def leaves_nothing_open():
    root = booted(start().root())
    booted(root.child("child"))
    for _ in range(3):
        equal(root.run("count-words").end()[0], 0)
    status, out, _ = root.run("descriptors").end()
    equal((status, out), (0, "3\n"))


def reaps():
    root = booted(start().root())
    runs = [root.run("count-words") for _ in range(5)]
    for run in runs:
        equal(run.end()[0], 0)
        assert ended(run.runner)
    child = booted(root.child("child"))
    os.kill(child.pid, signal.SIGKILL)
    assert ended(child.pid)
    # What is asked after an end is done after it.
    equal(root.run("count-words").end()[0], 0)
    left = open(f"/proc/{root.pid}/task/{root.pid}/children").read().split()
    assert str(child.pid) not in left and not {str(run.runner) for run in runs} & set(left), left


def many_at_once():
    child = booted(booted(start().root()).child("child"))
    runs = [child.run("show", [str(number).encode()], b"%d" % number) for number in range(20)]
    for number, run in enumerate(runs):
        equal(run.end()[:2], (7, f"<{number}>\nfrom boot 1 2 True\n{number}"))


def ends_with_its_master():
    master = start()
    root = booted(master.root())
    child = booted(root.child("child"))
    run = root.run("hang")
    equal(run.out.recv(3), b"on\n")
    root.stream.sock.close()
    child.stream.sock.close()
    master.sock.close()
    assert ended(root.pid) and ended(child.pid)
    # A command is the client's own, and ends with it.
    os.kill(run.pid, signal.SIGTERM)
    assert ended(run.pid) and ended(run.runner)


def waits_for_no_hand_over():
    root = booted(start().root())
    root.stream.send("C:hang")
    command = socket.socket(fileno=root.stream.descriptor())
    runner = peer(command)
    command.close()
    assert ended(runner)


def several_orders_in_one_read():
    root = booted(start().root())
    root.stream.sock.sendall(b"\0\0S:child\0\0S:other\0")
    names = set()
    for _ in range(2):
        node = Node(root.master)
        node.master = root.master
        node.action()
        names.add(booted(node).name)
    equal(names, {"child", "other"})


def runs_texts():
    master = start()
    root = booted(master.root({"python": "colour = f'{value} red'", "ruby": "@colour = \"#{@value} red\""}[language]))
    child = booted(root.child("anything", {"python": "colour += '!'", "ruby": "@colour += '!'"}[language]))
    text = {"python": "print(colour)", "ruby": "puts @colour"}[language]
    # The text is the action, and not the function of that name.
    equal(child.run("anything", item=text).end(), (0, "None red!\n" if language == "python" else " red!\n", ""))
    failed = root.child("bad", {"python": "1 +", "ruby": "1 +"}[language]).result()
    assert "<items: bad>" in failed, failed


def needs_no_plan():
    root = booted(start(False).root({"python": "x = 5", "ruby": "@x = 5"}[language]))
    equal(root.run("y", item={"python": "print(x)", "ruby": "puts @x"}[language]).end(), (0, "5\n", ""))


def takes_an_environment():
    root = booted(start().root())
    equal(root.run("env", variables={"COLOUR": "red = blue"}).end(), (0, "red = blue False\n", ""))
    equal(root.run("env").end(), (0, "None False\n", ""))


def tells_of_deaths():
    root = booted(start().root())
    child = booted(root.child("child"))
    os.kill(child.pid, signal.SIGKILL)
    equal(root.stream.message(), f"D:{child.pid}")


try:
    globals()[scene]()
finally:
    shutil.rmtree(folder, ignore_errors=True)
