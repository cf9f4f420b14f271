"""The tables of this room."""

from points.models.activity import Activity
from points.models.books import BreakageAssumption, ClosedMonth, ProofRun
from points.models.ledger import (
    Account,
    EarningRule,
    Entry,
    Lot,
    LotUse,
    Reservation,
)

__all__ = [
    "Account",
    "Activity",
    "BreakageAssumption",
    "ClosedMonth",
    "EarningRule",
    "Entry",
    "Lot",
    "LotUse",
    "ProofRun",
    "Reservation",
]
