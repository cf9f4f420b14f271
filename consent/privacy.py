"""Personal data in this room: the proof of what members agreed to."""

from consent import privacy_below
from consent.models import ConsentEntry, TermsAcceptance
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

# Kept also after withdrawal and erasure: who asks later must get an answer (art. 7(1)).
_PROOF = Field(
    DataClass.PERMISSION,
    Use.PROOF,
    Basis.LAW,
    Retention.TWO_YEARS,
    Export.YES,
    Erase.KEEP,
)
_KEY = Field(
    DataClass.KEY,
    Use.PROOF,
    Basis.LAW,
    Retention.TWO_YEARS,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    privacy_below.register_all()
    register(
        ConsentEntry,
        {
            **each(_KEY, "id", "public_id", "member"),
            **each(_PROOF, "purpose", "channel", "action", "at", "source", "actor"),
            **each(_PROOF, "text", "evidence"),
        },
    )
    register(
        TermsAcceptance,
        {
            **each(_KEY, "id", "member"),
            **each(_PROOF, "text", "at", "source"),
        },
    )
