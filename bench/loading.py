"""The loader on the demo's purchases: in one piece, and with all that the club gives.

First all of them at once under a plain programme, beside COPY of the same rows. The
reference takes the very rows the loader wrote, empties the tables, and copies them
back, indexes and foreign keys included: what it costs to store them when nothing has to
be read, checked or worked out. Then the demo as it is, with vouchers, tiers and a stamp
card over the year.
"""

import gc
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from psycopg import sql

from bench.report import say, verdict
from loyalty.demo import club, journey, programme
from loyalty.demo.grocer import Grocer
from purchases.loading.services import load_receipts

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
    """Load the purchases plainly, copy them out and in again, then load the demo."""
    lines, seconds = _load_plainly()
    ours = lines / seconds
    say(f"  in one piece: {lines:,} lines in {seconds:.1f} s, {ours:,.0f} lines/s")
    with tempfile.TemporaryDirectory() as folder:
        files = {table: Path(folder) / table for table in TABLES}
        for table, file in files.items():
            _copy_out(table, file)
        _empty(TABLES)
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
    _load_demo()
    verdict("loader: lines per second", ours, 30_000)


def _load_plainly() -> tuple[int, float]:
    """Load all purchases under a programme that gives points alone, and undo it.

    Returns how many lines there were, and how long it took in seconds.
    """
    now = timezone.now()
    look = replace(programme.GROCER, gives=False)
    demo = programme.begin(look=look, size=SIZE, now=now)
    every = journey.SLICE_EVERY if SIZE == "run" else 1
    made = Grocer(journey.Journey(every=every), programme.last_day(demo), demo.zone)
    programme.set_up(
        programme=demo, shops=made.shops(), articles=made.articles(), now=now
    )
    club.enrol(programme=demo, enrolments=made.enrolments(), now=now)
    # As the command: millions of objects without a cycle among them.
    gc.disable()
    began = time.perf_counter()
    loaded = load_receipts(programme=demo, receipts=made.receipts(), now=now)
    seconds = time.perf_counter() - began
    gc.enable()
    return loaded.lines, seconds


def _load_demo() -> None:
    """Load the demo into the emptied database, and say how long it took."""
    out = StringIO()
    _empty(["stores_programme"])
    call_command("demo", size=SIZE, stdout=out)
    say("  The demo with its vouchers, tiers and stamp card:")
    for line in out.getvalue().splitlines():
        if not line.startswith("lines "):
            say(f"  {line}")


def _analyze(table: str) -> None:
    """Let the next table's keys be looked up by what stands here, not by emptiness."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def _empty(named: Sequence[str]) -> None:
    """Empty tables, and those whose rows name theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_WITH_DEPENDENTS, [list(named)])
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
