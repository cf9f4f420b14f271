"""The tables of this room."""

from points.models.actions import (
    ActionAward,
    CustomEvent,
    Referral,
    ReferralCode,
)
from points.models.activity import Activity
from points.models.books import BreakageAssumption, ClosedMonth, ProofRun
from points.models.goodwill import (
    GoodwillAllowance,
    GoodwillGrant,
    GoodwillReason,
    GoodwillUse,
)
from points.models.ledger import (
    Account,
    Entry,
    EntryNote,
    Lot,
    LotUse,
    Reservation,
)
from points.models.tiers import TierOutlook, TierPeriod, TierRun
from points.models.versions import EarningRule

__all__ = [
    "Account",
    "ActionAward",
    "Activity",
    "BreakageAssumption",
    "ClosedMonth",
    "CustomEvent",
    "EarningRule",
    "Entry",
    "EntryNote",
    "GoodwillAllowance",
    "GoodwillGrant",
    "GoodwillReason",
    "GoodwillUse",
    "Lot",
    "LotUse",
    "ProofRun",
    "Referral",
    "ReferralCode",
    "Reservation",
    "TierOutlook",
    "TierPeriod",
    "TierRun",
]
