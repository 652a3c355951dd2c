"""Kills whatever belongs to a pool, at random: chaos.py FOLDER SEED KILLS; prints what was done and what is left, as JSON.

It runs beside the pool in a container whose PID 1 is archon, as root. Clients come all the time, and some of their commands end only
when they are killed. Afterwards all must be as before: each node once, nothing else of the pool, and each client has ended.
"""
import json
import os
import random
import signal
import subprocess
import sys
import time

folder, seed, kills = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
NODES = ["boot", "shared", "development", "testing", "spare"]
# From one crash of PID 1 to the next: after five in a minute it does only what keeps services running.
CRASH_PAUSE = 20
# From one end of the master to the next: archon waits ever longer before it starts one again that does not stay.
MASTER_PAUSE = 12
PATIENCE = 120
os.chdir(folder)
chance = random.Random(seed)
deeds = {}
clients = []
statuses = {}


def read(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def processes():
    """All but this one and its clients, by pid: comm, parent, state."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            text = read(name, "stat").decode(errors="replace")
            if text:
                comm = text[text.index("(") + 1:text.rindex(")")]
                state, parent = text[text.rindex(")") + 2:].split()[:2]
                found[int(name)] = (comm, int(parent), state)
    return found


def master():
    try:
        with open(".zeus.pid") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def kill(what, pid, number=signal.SIGKILL):
    if not pid:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    deeds[what] = deeds.get(what, 0) + 1
    return True


def named(*names):
    pids = [pid for pid, (comm, _, state) in processes().items() if comm in names and state != "Z"]
    return chance.choice(pids) if pids else None


def reap():
    for client in list(clients):
        status = client.poll()
        if status is not None:
            clients.remove(client)
            statuses[status] = statuses.get(status, 0) + 1


def visit():
    words = chance.choice([["echo", "x"], ["where"], ["hang"], ["suite"], ["lonely"], ["finish", "3"]])
    clients.append(subprocess.Popen(
        ["archon", "zeus", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ))


def counts():
    comms = [comm for comm, _, state in processes().values() if state != "Z"]
    return {node: comms.count(node) for node in NODES}


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def calm():
    """Until each node has one process and a command runs; what is missing, where that does not come about."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if all(count == 1 for count in counts().values()):
            said = [subprocess.run(["archon", "zeus", name], capture_output=True, stdin=subprocess.DEVNULL).returncode for name in ("where", "suite", "lonely")]
            if said == [0, 0, 0]:
                return None
        time.sleep(0.1)
    return counts()


assert calm() is None, "the pool is not ready"
time.sleep(1)
before = {"master": descriptors(master()), "init": descriptors(1), "processes": len(processes())}
crashed = mastered = time.monotonic()
unready = []
done = 0
while done < kills:
    reap()
    while len(clients) < 12:
        visit()
    draw = chance.random()
    if draw < 0.4:
        done += kill("a node", named(*NODES))
    elif draw < 0.55:
        done += kill("a runner", named("run hang", "run echo", "run where", "run suite", "run lonely", "run finish"))
    elif draw < 0.75:
        done += kill("a command", named("hang", "echo", "where"))
    elif draw < 0.9:
        done += kill("a client", chance.choice(clients).pid)
    elif draw < 0.96 and time.monotonic() - mastered > MASTER_PAUSE:
        mastered = time.monotonic()
        done += kill("the master", master())
    elif time.monotonic() - crashed > CRASH_PAUSE:
        crashed = time.monotonic()
        done += kill("PID 1", 1, signal.SIGSEGV)
    time.sleep(chance.uniform(0, 0.2))
    if done % 50 == 49:
        missing = calm()
        if missing:
            unready.append(missing)

missing = calm()
if missing:
    unready.append(missing)
end = time.monotonic() + PATIENCE
while clients and time.monotonic() < end:
    for pid, (comm, _, _) in processes().items():
        if comm == "hang":
            kill("a command at the end", pid)
    reap()
    time.sleep(0.1)
calm()
while time.monotonic() < end and len(processes()) > before["processes"]:
    time.sleep(0.1)
left = processes()
print(json.dumps({
    "deeds": deeds, "statuses": statuses, "unready": unready, "stuck": len(clients), "nodes": counts(),
    "zombies": [comm for comm, _, state in left.values() if state == "Z"],
    "strays": len(left) - before["processes"], "left": sorted(comm for comm, _, _ in left.values()) if len(left) > before["processes"] else [],
    "before": before, "after": {"master": descriptors(master()), "init": descriptors(1)},
}))
