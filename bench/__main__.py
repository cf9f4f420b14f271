"""`python -m bench [receipts] [lookup] [loading] …`: all of `PARTS` unless named."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

DATABASE = "stamkund_bench"
PARTS = (
    "receipts",
    "lookup",
    "loading",
    "registering",
    "importing",
    "gate",
    "replay",
    "nightly",
)


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """Make an empty database, give its address, drop it afterwards."""
    name = sql.Identifier(DATABASE)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{DATABASE}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop)


def main() -> None:
    """Run the named parts one after the other, each on a database of its own."""
    named = sys.argv[1:] or list(PARTS)
    unknown = [name for name in named if name not in PARTS]
    if unknown:
        sys.exit(f"Unknown: {', '.join(unknown)}. Known: {', '.join(PARTS)}.")
    if not os.environ.get("DATABASE_URL"):
        sys.exit("DATABASE_URL is not set; `make bench` sets it.")
    failed = False
    for name in named:
        with own_database(os.environ["DATABASE_URL"]) as address:
            ended = subprocess.run(
                [sys.executable, "-m", "bench.part", name],
                env={
                    **os.environ,
                    "DATABASE_URL": address,
                    "DJANGO_SETTINGS_MODULE": "loyalty.settings",
                },
                check=False,
            )
        if ended.returncode:
            failed = True
            sys.stderr.write(f"{name} ended with {ended.returncode}.\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
