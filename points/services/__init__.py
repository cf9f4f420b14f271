"""What this room does: post to the ledger, publish a rule, let points expire."""

from points.services.calling import (
    InsufficientPoints,
    KeyReused,
    MemberMerged,
    NothingToRestore,
    PointsHeld,
    ReservationEnded,
)
from points.services.posting import (
    Posted,
    ReturnPolicy,
    Reversed,
    post,
    restore,
    reverse,
)
from points.services.publishing import MOST_POINTS_PER_UNIT, RuleInvalid, publish_rule
from points.services.reserving import capture, release, reserve
from points.services.settling import (
    Expired,
    Settled,
    expire_points,
    settle,
    settle_due,
)

__all__ = [
    "MOST_POINTS_PER_UNIT",
    "Expired",
    "InsufficientPoints",
    "KeyReused",
    "MemberMerged",
    "NothingToRestore",
    "PointsHeld",
    "Posted",
    "ReservationEnded",
    "ReturnPolicy",
    "Reversed",
    "RuleInvalid",
    "Settled",
    "capture",
    "expire_points",
    "post",
    "publish_rule",
    "release",
    "reserve",
    "restore",
    "reverse",
    "settle",
    "settle_due",
]
