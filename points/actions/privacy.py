"""Personal data in actions: what a member did, and whom they brought along."""

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
from points.models import ActionAward, CustomEvent, Referral, ReferralCode

_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.NO,
    Erase.KEEP,
)
# Why an entry of the ledger is there.
_POINTS = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.YES,
    Erase.KEEP,
)
_DELETED_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
_DONE = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        ActionAward,
        {
            **each(_KEY, "id", "public_id", "member", "rule", "number", "event_id"),
            **each(_KEY, "occasion", "given_at"),
            **each(_POINTS, "action", "points", "event_kind", "at"),
        },
    )
    register(
        CustomEvent,
        {
            **each(_DELETED_KEY, "id", "programme", "member", "event_id", "body_hash"),
            **each(_DELETED_KEY, "received_at"),
            **each(_DONE, "name", "external_id", "at"),
        },
    )
    register(
        ReferralCode,
        {**each(_DELETED_KEY, "member"), **each(_DONE, "code", "made_at")},
    )
    # Who the other one is stays between us: only that there was somebody, and when.
    register(
        Referral,
        {
            **each(_DELETED_KEY, "id", "public_id", "referrer", "invited"),
            **each(_DONE, "state", "joined_at", "settled_at"),
        },
    )
