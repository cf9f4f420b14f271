"""Empty the database after a test that has committed, faster than Django does.

Django truncates every table and writes content types and permissions anew, which
takes half a second however little was written. A test writes to a dozen tables of
some hundred, so only those are emptied.
"""

from collections.abc import Iterable

from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

# Written once, when the database is made, and the same ever after.
KEPT = {"django_content_type", "auth_permission"}


def tables_with_rows(tables: Iterable[str]) -> list[str]:
    """Return those of `tables` that hold at least one row."""
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
            sql.Literal(name), sql.Identifier(name)
        )
        for name in sorted(tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [name for (name,) in cursor]


def empty_tables() -> None:
    """Delete every row that a test has committed.

    Triggers that keep rows from being deleted, and foreign keys, are passed by, which
    takes a superuser: any other role gets Django's slow way.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        may_pass_by = cursor.fetchone()[0]
    if not may_pass_by:
        _flush()
        return
    tables = set(connection.introspection.django_table_names(only_existing=True))
    written = tables_with_rows(tables - KEPT)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in written:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


def _flush() -> None:
    """Empty the database as its owner, past the guards of tables that only grow."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid"
            # 32: it fires on TRUNCATE.
            " WHERE t.tgtype & 32 > 0 AND NOT t.tgisinternal"
        )
        guards = cursor.fetchall()
        _switch(guards, "DISABLE")
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
        _switch(guards, "ENABLE")


def _switch(guards: list[tuple[str, str]], how: str) -> None:
    with connection.cursor() as cursor:
        for table, name in guards:
            cursor.execute(
                sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
                    sql.Identifier(table), sql.SQL(how), sql.Identifier(name)
                )
            )
