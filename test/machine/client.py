"""A client of archon's control socket, written from docs/reference/protocol.md alone: services, a wait, events, and a command."""
import os
import socket
import sys


def write(fields):
    """A record: a field with a comma, a quote or a line end in it is quoted."""
    def quote(field):
        strange = field == "" or field != field.strip() or any(c in field for c in ',"\t\r\n')
        return '"' + field.replace('"', '""') + '"' if strange else field
    return (",".join(quote(field) for field in fields) + "\n").encode()


def read(stream):
    """The fields of the next record; a line end within quotes belongs to its field."""
    fields, field, quoted = [], "", False
    while True:
        char = stream.read(1)
        if char == "":
            raise EOFError("archon closed the connection")
        if char == '"':
            quoted = not quoted
            field += char
        elif char in ",\n" and not quoted:
            fields.append(field[1:-1].replace('""', '"') if field.startswith('"') else field)
            field = ""
            if char == "\n":
                return fields
        else:
            field += char


def ask(connection, stream, *fields):
    """The rows of the answer, and its reply."""
    connection.sendall(write(fields))
    rows = []
    while True:
        verb, *values = read(stream)
        if verb != "Row":
            return rows, verb, values
        rows.append(values)


with socket.socket(socket.AF_UNIX) as archon:
    archon.connect(os.environ.get("ARCHON_SOCKET", "/run/archon/archon.sock"))
    with archon.makefile("r", encoding="utf-8", newline="\n") as answers:
        services, reply, values = ask(archon, answers, "Status")
        for name, status, pid, *_ in services:
            print(name, status, pid or "-")
        _, reply, values = ask(archon, answers, "Wait", "web", "ready", "30")
        print("Wait", reply, *values)
        events, reply, values = ask(archon, answers, "Subscribe", "web", "archon.kinds=started+ready")
        print("Subscribe", *(event for _, number, at, event, *_ in events))
        command = sys.argv[1:]
        _, reply, values = ask(archon, answers, "RunV", str(len(command)), *command, "GREETING=a, \"b\"")
        print(reply, *values)
        sys.exit(int(values[0]) if reply == "ExitStatus" else 111)
