"""Personal data in goodwill: what a member was given, and who of the staff gave it."""

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
from points.models import GoodwillGrant, GoodwillUse

# What was given is part of the books, as the ledger is; what staff wrote is emptied.
_GIVEN = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.YES,
    Erase.KEEP,
)
_NOTE = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.INTEREST,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.BLANK,
)
_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.NO,
    Erase.KEEP,
)
_WORK = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        GoodwillGrant,
        {
            **each(_KEY, "id", "public_id", "key", "member", "entry", "confirmed_at"),
            **each(_KEY, "reason"),
            **each(_GIVEN, "form", "points", "worth", "currency", "at", "store"),
            **each(_NOTE, "note"),
            **each(_WORK, "staff", "approved_by"),
        },
    )
    register(
        GoodwillUse,
        {
            **each(_WORK, "id", "store", "staff", "period", "starts_on", "used"),
            **each(_WORK, "grants"),
        },
    )
