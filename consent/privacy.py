"""Personal data in this room: the proof of what members agreed to."""

from consent import privacy_below
from consent.models import (
    ConsentEntry,
    Contact,
    ContactPolicy,
    ContactPreference,
    Permission,
    Suppression,
    TermsAcceptance,
)
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


_NOW = Field(
    DataClass.PERMISSION,
    Use.MESSAGES,
    Basis.CONSENT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)
_NOW_KEY = Field(
    DataClass.KEY,
    Use.MESSAGES,
    Basis.CONSENT,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
_BLOCKED = Field(
    DataClass.SECRET,
    Use.PROOF,
    Basis.INTEREST,
    Retention.BOOKS,
    Export.NO,
    Erase.KEEP,
)
_STAFF = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
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
            **each(_PROOF, "text", "evidence", "basis", "receipt_id", "recorded_at"),
        },
    )
    register(
        Permission,
        {
            **each(_NOW_KEY, "id", "member", "entry"),
            **each(_NOW, "purpose", "channel", "action", "basis", "at"),
        },
    )
    register(
        ContactPreference,
        {
            **each(_NOW_KEY, "member"),
            **each(_NOW, "per_week", "snoozed_until", "restricted_at", "changed_at"),
        },
    )
    register(
        Contact,
        {
            **each(_NOW_KEY, "id", "member", "message_id"),
            **each(_NOW, "kind", "channel", "at"),
        },
    )
    # Tied to no member; kept after erasure on purpose, so that nobody who asked for
    # silence is written to again from another list.
    register(
        Suppression,
        each(
            _BLOCKED,
            "id",
            "public_id",
            "programme",
            "channel",
            "contact_index",
            "reach",
            "reason",
            "at",
            "lifted_at",
        ),
    )
    register(
        ContactPolicy,
        {
            **each(_STAFF, "changed_by", "changed_at"),
            **each(_STAFF, "programme", "quiet_from", "quiet_until", "per_week"),
            **each(_STAFF, "per_month", "gap_hours", "surveys_per_year"),
            **each(_STAFF, "youngest_years", "profiling_from_years"),
        },
    )
    register(
        TermsAcceptance,
        {
            **each(_KEY, "id", "member"),
            **each(_PROOF, "text", "at", "source"),
        },
    )
