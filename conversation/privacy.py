"""Personal data in this room: what people wrote, and open conversations."""

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
from conversation.models import Conversation, InboundMessage

_KEY = Field(
    DataClass.KEY,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.NO,
    Erase.DELETE,
)
_ADDRESS = Field(
    DataClass.CONTACT,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.YES,
    Erase.DELETE,
)
_TALK = Field(
    DataClass.MESSAGE,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.YES,
    Erase.DELETE,
)
_WRITTEN = Field(
    DataClass.MESSAGE,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.YES,
    Erase.BLANK,
)
_FROM = Field(
    DataClass.CONTACT,
    Use.MESSAGES,
    Basis.CONTRACT,
    Retention.MONTH,
    Export.YES,
    Erase.BLANK,
)
# That it came, from whom and when: what permissions name as their proof.
_PROOF = Field(
    DataClass.PERMISSION,
    Use.PROOF,
    Basis.LAW,
    Retention.PROOF,
    Export.YES,
    Erase.KEEP,
)
_PROOF_KEY = Field(
    DataClass.KEY,
    Use.PROOF,
    Basis.LAW,
    Retention.PROOF,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    # Messages first: they are found through their conversation, too.
    register(
        InboundMessage,
        {
            **each(_PROOF_KEY, "id", "public_id", "programme", "conversation"),
            **each(_PROOF_KEY, "member", "provider", "provider_id", "blanked_at"),
            **each(_FROM, "address"),
            **each(_WRITTEN, "text"),
            **each(_PROOF, "channel", "sent_to", "received_at", "sent_at"),
            **each(_PROOF, "handled_at", "outcome"),
        },
    )
    register(
        Conversation,
        {
            **each(_KEY, "id", "public_id", "programme", "member", "address_index"),
            **each(_KEY, "channel", "question"),
            **each(_ADDRESS, "address"),
            **each(_TALK, "language", "state", "context", "asked_at", "began_at"),
            **each(_TALK, "expires_at", "stop_confirmed_at", "heard_at"),
        },
    )
