"""A migrated database that test databases are copied from.

Migrating takes half a minute of a processor, copying a second; every worker of a run
needs a database of its own. The copy is by the content of the migrations, so that it is
never an old one.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import DatabaseError, connection

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "stamkund_template_"
# Those of other branches, which are likely to be tested again.
KEPT = 6
_LOCK = 7_302


def find_or_make() -> str:
    """Return the name of the database to copy; made first if there is none yet."""
    name = f"{PREFIX}{_digest()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if cursor.rowcount == 0:
                _make(cursor, name)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return name


def _digest() -> str:
    found = hashlib.sha256()
    for path in [ROOT / "requirements.txt", *sorted(ROOT.glob("*/migrations/*.py"))]:
        found.update(path.relative_to(ROOT).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _make(cursor, name: str) -> None:
    _drop_old(cursor)
    # Under another name until it is whole: a run may be broken off.
    unfinished = f"{name}_unfinished"
    cursor.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
    cursor.execute(f'CREATE DATABASE "{unfinished}"')
    url = urlsplit(os.environ["DATABASE_URL"])
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": urlunsplit(url._replace(path=f"/{unfinished}")),
        },
        check=True,
    )
    cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')


def _drop_old(cursor) -> None:
    cursor.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s"
        " AND datname NOT LIKE '%%unfinished' ORDER BY oid DESC OFFSET %s",
        [f"{PREFIX}%", KEPT - 1],
    )
    for (old,) in cursor.fetchall():
        try:
            cursor.execute(f'DROP DATABASE IF EXISTS "{old}"')
        except DatabaseError:
            # Somebody copies it at this moment.
            continue
