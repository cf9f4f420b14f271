"""How the ledger's functions in SQL are called, and what they refuse."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from members import events
from points import kinds
from points.models import Entry

# Earning and returning are told by the receipt's own event.
_EVENTS = {
    Entry.Kind.SPEND: kinds.SPENT,
    Entry.Kind.REVERSE: kinds.REVERSED,
    Entry.Kind.ADJUST: kinds.ADJUSTED,
    Entry.Kind.RESTORE: kinds.RESTORED,
}


class InsufficientPoints(Exception):
    """Raised when a member would spend more points than they have."""


class PointsHeld(Exception):
    """Raised when points would be used while they are held after a change of contact.

    Somebody may have taken the membership over; the owner has until then to undo it.
    """


class MemberMerged(Exception):
    """Raised when the member was merged into another: post to that one."""


class KeyReused(Exception):
    """Raised when a ledger key was used before for another posting."""


class ReservationEnded(Exception):
    """Raised when reserved points would be used that are not held any more."""


class NothingToRestore(Exception):
    """Raised when more would be given back than was used, or to another member."""


# What the ledger's own code says when it refuses a posting.
_REFUSALS: dict[str, type[Exception]] = {
    "SKP01": InsufficientPoints,
    "SKP02": PointsHeld,
    "SKP03": MemberMerged,
    "SKP05": ReservationEnded,
    "SKP06": NothingToRestore,
}


def call(statement: str, arguments: list[Any]) -> tuple[Any, ...]:
    """Call a function of the ledger; what it refuses is raised by its name."""
    try:
        # A savepoint: a refused spend must not spoil the caller's transaction.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            row: tuple[Any, ...] = cursor.fetchone()
            return row
    except DatabaseError as error:
        refusal = _REFUSALS.get(getattr(error.__cause__, "sqlstate", ""))
        if refusal is None:
            raise
        raise refusal from error


def tell(
    member_id: int,
    kind: Entry.Kind,
    points: int,
    public_id: UUID,
    at: datetime,
    now: datetime,
    source_type: str,
) -> None:
    """Record an entry in the member's events, if its kind has one of its own."""
    if kind in _EVENTS:
        events.record(
            member_id=member_id,
            kind=_EVENTS[kind],
            at=at,
            now=now,
            # What made it, for the words of the timeline.
            data={"points": points, **({"source": source_type} if source_type else {})},
            subject_type="entry",
            subject_id=public_id,
        )


def refuse_other(entry_id: int, kind: Entry.Kind, points: int) -> None:
    """Raise KeyReused unless the entry of a repeated key is the same posting."""
    entry = Entry.objects.get(pk=entry_id)
    if (entry.kind, entry.points) != (kind.value, points):
        raise KeyReused(entry.key)
