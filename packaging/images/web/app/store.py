"""Talks to redis in its own protocol (RESP): one command, one reply."""
import socket
import time


def ask(*words):
    """The reply to a command, as text. Raises OSError while redis cannot answer."""
    lines = [f"*{len(words)}"]
    for word in words:
        lines += [f"${len(word.encode())}", word]
    with socket.create_connection(("127.0.0.1", 6379), timeout=2) as connection:
        connection.sendall("\r\n".join([*lines, ""]).encode())
        with connection.makefile("r", newline="\r\n") as replies:
            head = replies.readline().rstrip()
            if not head or head.startswith("-"):
                raise OSError(head or "redis hung up")
            return replies.readline().rstrip() if head.startswith("$") else head[1:]


def ask_patiently(*words, attempts=100):
    """The same, but a redis that is just starting is given some seconds."""
    for attempt in range(attempts):
        try:
            return ask(*words)
        except OSError as problem:
            last = problem
            time.sleep(0.05)
    raise last
