"""Personal data in this room: how members sign in."""

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
from portal.models import ContactChange, LoginCode, Session

_CODE = Field(
    DataClass.SECRET,
    Use.SECURITY,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.NO,
    Erase.DELETE,
)
_SESSION_KEY = Field(
    DataClass.SECRET,
    Use.SECURITY,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
_SESSION = Field(
    DataClass.USE,
    Use.SECURITY,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)
_CONTACT = Field(
    DataClass.CONTACT,
    Use.SECURITY,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.YES,
    Erase.DELETE,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        LoginCode,
        each(
            _CODE,
            "id",
            "public_id",
            "member",
            "purpose",
            "channel",
            "identifier_index",
            "code_hash",
            "browser_hash",
            "created_at",
            "expires_at",
            "tries",
            "used_at",
            "replaced_at",
        ),
    )
    register(
        Session,
        {
            **each(_SESSION_KEY, "id", "public_id", "member", "key_hash"),
            **each(_SESSION, "device", "created_at", "last_seen_at", "expires_at"),
            **each(_SESSION, "stepped_up_at", "ended_at"),
        },
    )
    register(
        ContactChange,
        {
            **each(_CODE, "id", "public_id", "member", "token_hash"),
            **each(_CONTACT, "kind", "old", "new", "changed_at"),
            **each(_CONTACT, "expires_at", "undone_at"),
        },
    )
