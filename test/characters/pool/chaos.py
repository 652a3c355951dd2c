"""Kills whatever belongs to a pool: chaos.py FOLDER SEED KILLS; prints what was done and what is left, as JSON.

What is killed in which order is the seed's, with every kind in it; PID 1 and the master have fixed places among the others. It runs beside the pool in a container whose PID 1 is archon, as root. Clients come all the time, and some of their commands end only
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
# Of twenty kills so many are of each kind.
SHARES = {"a node": 9, "a runner": 3, "a command": 4, "a client": 4}
# After so many kills comes one of PID 1 or of the master, in turn, and then a look whether all comes to rest.
STRETCH = 40
# Seconds from one to the next of its kind: PID 1 does only what keeps services running after five crashes in a minute, and archon
# waits ever longer before it starts a master again that does not stay.
PAUSES = {"PID 1": 16, "the master": 12}
# How long one who is to be killed is waited for; half a second of it until somebody asks for a restart, as after many deaths the
# pool itself waits up to half a minute.
AWAITED = 15
PATIENCE = 60
CLIENTS = 8
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


def restart():
    subprocess.run(["archonctl", "pool", "restart", "app"], stdin=subprocess.DEVNULL, capture_output=True)


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


def schedule():
    kinds = [kind for kind, share in SHARES.items() for _ in range(-(-kills * share // sum(SHARES.values())))]
    chance.shuffle(kinds)
    for at in range(STRETCH - 1, kills, STRETCH):
        kinds.insert(at, list(PAUSES)[at // STRETCH % 2])
    return kinds[:kills]


def strike(kind):
    """Kills one of that kind that is there now."""
    if kind == "a node":
        return kill(kind, named(*NODES))
    if kind == "a runner":
        return kill(kind, named("run hang", "run echo", "run where", "run suite", "run lonely", "run finish"))
    if kind == "a command":
        return kill(kind, named("hang", "echo", "where"))
    if kind == "a client":
        return kill(kind, chance.choice(clients).pid if clients else None)
    if kind == "the master":
        return kill(kind, master())
    return kill(kind, 1, signal.SIGSEGV)


assert calm() is None, "the pool is not ready"
time.sleep(1)
before = {"master": descriptors(master()), "init": descriptors(1), "processes": len(processes())}
last = dict.fromkeys(PAUSES, 0)
unready = []
missed = []
for kind in schedule():
    time.sleep(max(0, last.get(kind, 0) + PAUSES.get(kind, 0) - time.monotonic()))
    end = time.monotonic() + AWAITED
    asked = time.monotonic() + 0.5
    while True:
        reap()
        while len(clients) < CLIENTS:
            visit()
        if strike(kind):
            break
        if time.monotonic() > end:
            missed.append(kind)
            break
        if time.monotonic() > asked:
            restart()
            asked = time.monotonic() + 2
        time.sleep(0.1)
    time.sleep(chance.uniform(0, 0.15))
    if kind in PAUSES:
        last[kind] = time.monotonic()
        restart()
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
    "deeds": deeds, "missed": missed, "statuses": statuses, "unready": unready, "stuck": len(clients), "nodes": counts(),
    "zombies": [comm for comm, _, state in left.values() if state == "Z"],
    "strays": len(left) - before["processes"], "left": sorted(comm for comm, _, _ in left.values()) if len(left) > before["processes"] else [],
    "before": before, "after": {"master": descriptors(master()), "init": descriptors(1)},
}))
