"""Personal data of tiers: what members did by day, and the levels they had."""

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
from points.models import Activity, TierOutlook, TierPeriod

_DID = Field(
    DataClass.PURCHASE,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.THREE_YEARS,
    Export.YES,
    Erase.DELETE,
)
_DID_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.THREE_YEARS,
    Export.NO,
    Erase.DELETE,
)
_TIER = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)
_TIER_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
_WORK = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.MEMBERSHIP,
    Export.NO,
    Erase.DELETE,
)
# Who was near a tier one night: of no use the night after.
_OUTLOOK = Field(
    DataClass.PROFILE,
    Use.POINTS,
    Basis.INTEREST,
    Retention.MONTH,
    Export.YES,
    Erase.DELETE,
)
_OUTLOOK_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.INTEREST,
    Retention.MONTH,
    Export.NO,
    Erase.DELETE,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        Activity,
        {
            **each(_DID_KEY, "id", "member"),
            **each(_DID, "on", "spend", "visits", "points", "actions"),
        },
    )
    register(
        TierPeriod,
        {
            **each(_TIER_KEY, "id", "public_id", "member", "rule", "rank"),
            **each(_TIER, "key", "starts_at", "ends_at", "holds_until", "cause"),
            **each(_TIER, "measured", "counted_from", "counted_to", "below_key"),
            **each(_TIER, "below_until", "reason"),
            **each(_WORK, "granted_by"),
        },
    )
    register(
        TierOutlook,
        {
            **each(_OUTLOOK_KEY, "id", "run", "member"),
            **each(_OUTLOOK, "kind", "key", "missing", "until"),
        },
    )
