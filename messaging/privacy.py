"""Personal data in this room: what was sent to whom."""

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
from messaging import erasure
from messaging.models import Message

_MESSAGE = Field(
    DataClass.MESSAGE,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.YEAR,
    Export.YES,
    Erase.BLANK,
)
_ADDRESS = Field(
    DataClass.CONTACT,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.YEAR,
    Export.YES,
    Erase.BLANK,
)
# That something was sent, and by which permission, stays as proof.
_SENT = Field(
    DataClass.MESSAGE,
    Use.PROOF,
    Basis.LAW,
    Retention.TWO_YEARS,
    Export.YES,
    Erase.KEEP,
)
_KEY = Field(
    DataClass.KEY,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.TWO_YEARS,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        Message,
        {
            **each(_KEY, "id", "public_id", "programme", "member", "dedupe_key"),
            **each(_KEY, "send_after", "attempts", "claimed_at", "error"),
            **each(_KEY, "provider_id", "is_to_stranger"),
            **each(_ADDRESS, "address"),
            **each(_MESSAGE, "subject", "body"),
            **each(_SENT, "channel", "message_class", "kind", "language", "state"),
            **each(_SENT, "queued_at", "expires_at", "sent_at", "gate"),
        },
    )
    register_hook(erasure.stop)
