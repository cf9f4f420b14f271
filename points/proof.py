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

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection, transaction

from points.laws import ASKED_AT_ONCE, BITS, LAWS, SCREEN, STEPS, Law

__all__ = ["Difference", "Law", "Proof", "check", "laws", "register"]

# The hash tables of the passes hold some bytes for each lot; beyond this they go to
# files, which costs time and works as well.
_SETTINGS = """
SET LOCAL work_mem = '256MB'; SET LOCAL max_parallel_workers_per_gather = 2
"""
# Members of a broken law who are looked at for its rows.
_LOOKED_AT = 1000
_ALL = {"entries": "points_entry e", "accounts": "points_account a"}
_OF_CLUB = {
    "entries": """(SELECT own.* FROM points_entry own
        JOIN members_member m ON m.id = own.member_id
        WHERE m.programme_id = %(programme)s) e""",
    "accounts": """(SELECT own.* FROM points_account own
        JOIN members_member m ON m.id = own.member_id
        WHERE m.programme_id = %(programme)s) a""",
}
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

    Of one club, or without one of all that there are.
    """
    of = _ALL if programme_id is None else _OF_CLUB
    values = {"programme": programme_id, "most": _LOOKED_AT}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(SCREEN.format(**of), values)
        members, entries, points, broken, suspects = cursor.fetchone()
        cursor.execute(STEPS.format(**of), values)
        out_of_step = [row[0] for row in cursor.fetchall()]
        found: list[Difference] = []
        for name, law in LAWS.items():
            if name == "steps":
                asked = out_of_step
            elif broken & BITS[name]:
                asked = _members(suspects, BITS[name])
            else:
                continue
            if asked:
                found += _ask(cursor, law, most, {"members": asked})
        for law in (*ASKED_AT_ONCE, *_registered):
            asked_of = None if programme_id is None else values
            found += _ask(cursor, _of_club(law, programme_id), most, asked_of)
    return Proof(members, int(entries), int(points), found[:most])


def _of_club(law: Law, programme_id: int | None) -> Law:
    if programme_id is None:
        return law
    return Law(law.name, _FOUND_OF_CLUB.format(query=law.query))


def _members(suspects: list[list[int]], bit: int) -> list[int]:
    """Return some of the members of whom a law does not hold."""
    return list(
        islice((member for member, broken in suspects if broken & bit), _LOOKED_AT)
    )


def _ask(cursor: Any, law: Law, most: int, members: Any) -> list[Difference]:
    cursor.execute(f"{law.query} LIMIT {most:d}", members)
    return [
        Difference(law.name, *(int(value or 0) for value in row))
        for row in cursor.fetchall()
    ]
