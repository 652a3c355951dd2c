"""Writes what the app expects to find in redis. Doing it again changes nothing."""
from store import ask_patiently

ask_patiently("SETNX", "visits", "0")
ask_patiently("SET", "greeting", "hello from redis")
print("migrated")
