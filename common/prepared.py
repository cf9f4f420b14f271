"""Reads that a connection plans once: for answers that somebody waits for.

Planning takes longer than running where a few look-ups in indexes are all there is to
do. A pooler between us and PostgreSQL must know prepared statements.
"""

import sys
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from psycopg import Cursor

Row = tuple[Any, ...]


class _Preparing(Cursor[Row]):
    """A cursor that prepares on the server whatever it runs."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, **{**options, "prepare": True})


def first_row(statement: str, values: Sequence[object]) -> Row | None:
    """Return the first row of a read, or None.

    The statement's text must be one of a few: each stays prepared.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    if not _may_be_dead(connection):
        return _read(connection, statement, values)
    # Django asks whether it lives with a statement of its own. A read may as well be
    # that statement, and run again.
    try:
        row = _read(connection, statement, values)
    except OperationalError:
        if connection.is_usable():
            raise
        connection.close()
        return _read(connection, statement, values)
    connection.health_check_done = True
    return row


def _may_be_dead(connection: Any) -> bool:
    """Tell whether this is a request's first use of a connection kept for it."""
    return (
        connection.connection is not None
        and connection.health_check_enabled
        and not connection.health_check_done
        and not connection.in_atomic_block
    )


def _read(connection: Any, statement: str, values: Sequence[object]) -> Row | None:
    connection.ensure_connection()
    if connection.connection.prepare_threshold is None:
        # Django rules it out for all; this is still far from doing it unasked.
        connection.connection.prepare_threshold = sys.maxsize
    cursor = _Preparing(connection.connection)
    wrap = (
        connection.make_debug_cursor
        if connection.queries_logged
        else connection.make_cursor
    )
    with wrap(cursor) as wrapped:
        wrapped.execute(statement, values)
        row: Row | None = wrapped.fetchone()
    return row
