"""Write rows with PostgreSQL's COPY, and draw ids for them beforehand."""

import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from psycopg import sql

NULL = r"\N"
MAY_SKIP = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_PLAIN = {written: chr(sign) for sign, written in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\[\\tnr]")
_VARIANTS = "89ab"


def escaped(text: str) -> str:
    """Return a text as COPY's text format wants it."""
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


def unescaped(text: str) -> str:
    """Return the text that `escaped` was given."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: _PLAIN[found[0]], text)


def bytes_of(value: bytes) -> str:
    """Return bytes as COPY's text format wants them."""
    return rf"\\x{value.hex()}"


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    """COPY finished rows, each a line of tab-separated fields with its newline."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    text = "".join(rows)
    if not text:
        return
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        copy.write(text)


@contextmanager
def unchecked() -> Iterator[None]:
    """Write rows without PostgreSQL looking up each of their foreign keys.

    Inside a transaction, for one who has locked every row that the new ones name, or
    made it in the same transaction: then nothing is left to look up, and the look-ups
    are half of what a load costs. No trigger fires meanwhile. Where the role may not do
    this, every key is looked up as ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(MAY_SKIP)
        (may,) = cursor.fetchone()
        if may:
            cursor.execute("SET LOCAL session_replication_role = replica")
    yield
    # After an error the rollback does it.
    if may:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = origin")


def draw_ids(table: str, count: int) -> list[int]:
    """Draw ids from a table's sequence, in ascending order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) "
            "FROM generate_series(1, %s)",
            [table, count],
        )
        return sorted(row[0] for row in cursor.fetchall())


def draw_public_ids(count: int) -> list[str]:
    """Return UUIDs of version 7 as text, as `common.ids.uuid7` makes them, but many.

    One call of the random generator for all of them: drawn one by one they would cost
    more than the rows they name.
    """
    stamp = f"{time.time_ns() // 1_000_000:012x}"
    head = f"{stamp[:8]}-{stamp[8:]}-7"
    noise = os.urandom(10 * count).hex()
    return [
        f"{head}{noise[at : at + 3]}-{_VARIANTS[int(noise[at + 3], 16) & 3]}"
        f"{noise[at + 4 : at + 7]}-{noise[at + 7 : at + 19]}"
        for at in range(0, 20 * count, 20)
    ]
