"""The proof that the ledger is right: every projection worked out again, in SQL.

Holds for each member: the balance is the sum of the entries, and what is open in lots
less what is owed; what a lot has left is what it began with less its uses; an entry
that took points used as many of lots, or left a debt; what waits and what is reserved
are parts of it. A merge leaves as many points as there were, with the days they had,
and all of them with the member who is kept. Rooms above register laws of their own:
that receipts gave what the ledger says.

A sound ledger is read in few passes; see `points.laws`. Only members of whom something
does not hold are asked about again, law by law, to name the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from common.lanes import side_by_side
from points.laws import ASKED_AT_ONCE, BITS, LAWS, SCREEN, STEPS, STRAYS, Law

__all__ = ["Difference", "Law", "Proof", "check", "laws", "register"]

# The hash tables of the passes hold some bytes for each lot; beyond this they go to
# files, which costs time and works as well. Every further process would make them all
# for itself, and compiling the passes takes longer than it saves.
_SETTINGS = """
SET LOCAL work_mem = '256MB'; SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL jit = off
"""
# Members of a broken law who are looked at for its rows.
_LOOKED_AT = 1000
_TABLES = {
    "entries": "points_entry e",
    "accounts": "points_account a",
    "lots": "points_lot l",
    "uses": "points_lotuse u",
}
_OF_CLUB = """
(SELECT own.* FROM {} own JOIN members_member m ON m.id = own.member_id
WHERE m.programme_id = %(programme)s) {}
"""
_TABLES_OF_CLUB = {
    name: _OF_CLUB.format(*table.split()).strip() for name, table in _TABLES.items()
}
# With fewer members a second connection is not worth its while.
WORTH_SHARING = 20_000
_HIGHEST = 2**63 - 1
# What a law of another room finds, of one club.
_FOUND_OF_CLUB = """
SELECT found.* FROM ({query}) found (member_id, row_id, found, expected)
JOIN members_member m ON m.id = found.member_id
WHERE m.programme_id = %(programme)s
"""

_registered: list[Law] = []


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that breaks a law of the ledger."""

    law: str
    member_id: int
    row_id: int
    found: int
    expected: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof looked at, and what it found wrong."""

    members: int
    entries: int
    points: int
    differences: Sequence[Difference]


def register(law: Law) -> None:
    """Let a room above add what must hold between its rows and the ledger.

    Its query is asked as it is, about everybody; of one club, only the rows are kept
    whose member is the club's. A percent sign is written twice.

    Raises:
        ValueError: a law of that name is registered already.
    """
    if law.name in laws():
        message = f"The law is registered already: {law.name}"
        raise ValueError(message)
    _registered.append(law)


def laws() -> list[str]:
    """Return what is checked, in words."""
    return [law.name for law in (*LAWS.values(), *ASKED_AT_ONCE, *_registered)]


def check(*, programme_id: int | None = None, most: int = 100) -> Proof:
    """Work out every projection again and return what differs, at most so many rows.

    Of one club, or without one of all that there are. A large ledger is read by two
    connections, half of the members by each; every look is right at its own moment.
    """
    of = _TABLES if programme_id is None else _TABLES_OF_CLUB
    values = {"programme": programme_id, "most": _LOOKED_AT}
    parts = [{**values, "first": first, "last": last} for first, last in _parts()]
    rest = [_of_club(law, programme_id) for law in (*ASKED_AT_ONCE, *_registered)]
    asked_of = None if programme_id is None else values
    proven = side_by_side(
        # The longest first.
        [
            *(partial(_screen, of, part, most) for part in parts),
            *(partial(_step, of, part, most) for part in parts),
            *(partial(_ask_at_once, law, most, asked_of) for law in rest),
        ],
        lanes=len(parts),
    )
    order = {name: place for place, name in enumerate(laws())}
    return Proof(
        sum(each.members for each in proven),
        sum(each.entries for each in proven),
        sum(each.points for each in proven),
        sorted(
            (found for each in proven for found in each.differences),
            key=lambda found: order[found.law],
        )[:most],
    )


def _parts() -> list[tuple[int, int]]:
    """Return from which to which number members are looked at together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM members_member")
        lowest, highest = cursor.fetchone()
    middle = ((lowest or 0) + (highest or 0)) // 2
    if (highest or 0) - middle < WORTH_SHARING:
        return [(0, _HIGHEST)]
    return [(0, middle), (middle + 1, _HIGHEST)]


@contextmanager
def _looking() -> Iterator[CursorWrapper]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        yield cursor


def _screen(of: Mapping[str, str], values: Mapping[str, Any], most: int) -> Proof:
    found: list[Difference] = []
    with _looking() as cursor:
        cursor.execute(SCREEN.format(**of), values)
        members, entries, points, broken, suspects, strays = cursor.fetchone()
        asked = {
            name: _members(suspects, bit) for name, bit in BITS.items() if broken & bit
        }
        if strays:
            cursor.execute(STRAYS, values)
            others = [member for (member,) in cursor.fetchall()]
            for name in ("size", "joins"):
                asked[name] = [*asked.get(name, ()), *others]
        for name, whom in asked.items():
            found += _ask(cursor, LAWS[name], most, {"members": whom})
    return Proof(members, int(entries), int(points), found)


def _step(of: Mapping[str, str], values: Mapping[str, Any], most: int) -> Proof:
    found: list[Difference] = []
    with _looking() as cursor:
        cursor.execute(STEPS.format(**of), values)
        members = [member for (member,) in cursor.fetchall()]
        if members:
            found = _ask(cursor, LAWS["steps"], most, {"members": members})
    return Proof(0, 0, 0, found)


def _ask_at_once(law: Law, most: int, values: Mapping[str, Any] | None) -> Proof:
    with _looking() as cursor:
        return Proof(0, 0, 0, _ask(cursor, law, most, values))


def _of_club(law: Law, programme_id: int | None) -> Law:
    if programme_id is None:
        return law
    return Law(law.name, _FOUND_OF_CLUB.format(query=law.query))


def _members(suspects: list[list[int]], bit: int) -> list[int]:
    """Return some of the members of whom a law does not hold."""
    return list(
        islice((member for member, broken in suspects if broken & bit), _LOOKED_AT)
    )


def _ask(
    cursor: CursorWrapper, law: Law, most: int, values: Mapping[str, Any] | None
) -> list[Difference]:
    cursor.execute(f"{law.query} LIMIT {most:d}", values)
    return [
        Difference(law.name, *(int(value or 0) for value in row))
        for row in cursor.fetchall()
    ]
