"""Personal data in this room: what members have earned and used."""

from consent.erasure import register_hook
from consent.registry import (
    Basis,
    DataClass,
    Erase,
    Export,
    Field,
    Retention,
    Use,
    each,
    register,
)
from points import erasure
from points.models import Account, Entry, Lot, LotUse

# The ledger is part of the books: points are a debt. Erasure leaves the entries, tied
# to a member of whom nothing else is known.
_POINTS = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.BOOKS,
    Export.YES,
    Erase.KEEP,
)
_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.BOOKS,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        Account,
        {
            **each(_KEY, "member", "entries"),
            **each(_POINTS, "balance", "earned_total", "changed_at"),
        },
    )
    register(
        Entry,
        {
            **each(_KEY, "id", "public_id", "member", "key", "rule", "reverses"),
            **each(_KEY, "source_type", "source_id"),
            **each(_POINTS, "kind", "points", "balance_after", "at", "posted_at"),
            **each(_POINTS, "reason"),
        },
    )
    register(
        Lot,
        {
            **each(_KEY, "entry", "member", "origin"),
            **each(_POINTS, "points", "remaining", "active_from", "expires_at"),
        },
    )
    register(
        LotUse,
        {
            **each(_KEY, "id", "member", "entry", "lot"),
            **each(_POINTS, "points"),
        },
    )
    register_hook(erasure.lapse)
