"""The roof: settings, URLs, access table, home page and periodic jobs.

Owns: how the rooms are put together; who may open which URL (`access.py`).
May import: every room. No room imports this one.
Invariants: a URL that is not in the access table is closed to everybody.
"""
