"""Personal data in this room: the links by which members finish their registration."""

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
from enrolment import erasure
from enrolment.models import JoinLink, Registration

_LINK = Field(
    DataClass.SECRET,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.NO,
    Erase.DELETE,
)
_VISIT = Field(
    DataClass.USE,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.YES,
    Erase.DELETE,
)


# How many finished, where and through whom, is counted after the member is gone too.
_ENTRY = Field(
    DataClass.USE,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.TWO_YEARS,
    Export.YES,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        JoinLink,
        {
            **each(_LINK, "id", "public_id", "member", "token_hash", "replaced_at"),
            **each(_VISIT, "store", "device", "staff", "created_at", "expires_at"),
            **each(_VISIT, "used_at"),
        },
    )
    register(
        Registration,
        {
            **each(_ENTRY, "id", "public_id", "programme", "member", "is_return"),
            **each(_ENTRY, "way", "store", "device", "staff", "placement"),
            **each(_ENTRY, "started_at", "outcome", "ended_at", "reminded_at"),
        },
    )
    register_hook(erasure.close)
