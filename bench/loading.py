"""The loader on the demo's purchases beside COPY of the same rows.

The reference takes the very rows the loader wrote, empties the tables, and copies them
back, indexes and foreign keys included: what it costs to store them when nothing has to
be read, checked or worked out.
"""

import os
import re
import tempfile
import time
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from psycopg import sql

from bench.report import say, verdict

SIZE = os.environ.get("BENCH_SIZE", "full")
# In the order in which foreign keys allow them to be written.
TABLES = (
    "purchases_receipt",
    "purchases_receiptline",
    "points_account",
    "points_entry",
    "points_lot",
    "points_lotuse",
    "points_activity",
    "members_event",
)
# The tables, and all that name their rows: vouchers, say, name the entry they cost.
_WITH_DEPENDENTS = """
WITH RECURSIVE emptied AS (
    SELECT unnest(%s::text[])::regclass AS id
    UNION
    SELECT c.conrelid::regclass FROM pg_constraint c
    JOIN emptied e ON c.confrelid = e.id WHERE c.contype = 'f'
)
SELECT DISTINCT id::text FROM emptied ORDER BY 1
"""


def main() -> None:
    """Load the demo club, then copy its purchases out and in again."""
    out = StringIO()
    call_command("demo", size=SIZE, stdout=out)
    for line in out.getvalue().splitlines():
        if not line.startswith("lines "):
            say(f"  {line}")
    found = re.search(
        r"with ([\d ,.\u00a0\u202f]+) lines in ([\d.,]+) s", out.getvalue()
    )
    if found is None:
        message = "The demo did not say how long it took."
        raise RuntimeError(message)
    lines = int(re.sub(r"\D", "", found[1]))
    ours = lines / float(found[2].replace(",", "."))
    with tempfile.TemporaryDirectory() as folder:
        files = {table: Path(folder) / table for table in TABLES}
        for table, file in files.items():
            _copy_out(table, file)
        _empty()
        took = 0.0
        for table, file in files.items():
            began = time.perf_counter()
            _copy_in(table, file)
            seconds = time.perf_counter() - began
            # Each table by itself: the keys are looked up after the last row, a minute
            # in which PostgreSQL shows no progress.
            say(f"  COPY into {table}: {seconds:.1f} s")
            took += seconds
            _analyze(table)
    say(
        f"  COPY of the same rows, {len(TABLES)} tables: {took:.1f} s,"
        f" {lines / took:,.0f} lines/s; the loader is {ours * took / lines:.2f} × that"
    )
    verdict("loader: lines per second", ours, 30_000)


def _analyze(table: str) -> None:
    """Let the next table's keys be looked up by what stands here, not by emptiness."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WITH_DEPENDENTS, [list(TABLES)])
        tables = [sql.Identifier(name) for (name,) in cursor.fetchall()]
        # Tables that only grow refuse to be emptied.
        for table in tables:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(tables)))
        for table in tables:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))


def _copy_out(table: str, file: Path) -> None:
    statement = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(
        sql.Identifier(table)
    )
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(statement) as copy,
        file.open("wb") as target,
    ):
        for block in copy:
            target.write(block)


def _copy_in(table: str, file: Path) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table)
    )
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(statement) as copy,
        file.open("rb") as source,
    ):
        while block := source.read(1 << 20):
            copy.write(block)
