#!/usr/bin/env python3
"""Runs a command without input, and writes its output, then a line with its exit status, its CPU time in s and its peak memory in KiB."""
import os
import subprocess
import sys

process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
sys.stdout.buffer.write(process.stdout.read())
_, status, usage = os.wait4(process.pid, 0)
print(f"\n{os.waitstatus_to_exitcode(status)} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
