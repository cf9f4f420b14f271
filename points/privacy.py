"""Personal data in this room: what members have earned and used."""

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
from points import erasure
from points.models import (
    Account,
    BreakageAssumption,
    ClosedMonth,
    EarningRule,
    Entry,
    EntryNote,
    Lot,
    LotUse,
    ProofRun,
    Reservation,
)

# The ledger is part of the books: points are a debt. Erasure leaves the entries, tied
# to a member of whom nothing else is known.
_POINTS = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.YES,
    Erase.KEEP,
)
_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.NO,
    Erase.KEEP,
)
# What somebody wrote about a member goes, and the entry stays.
_NOTE = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.INTEREST,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.DELETE,
)
# Who closed, assumed or proved: part of the books.
_WORK = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        Account,
        {
            **each(_KEY, "member", "entries"),
            **each(_POINTS, "balance", "pending", "reserved", "owed"),
            **each(_KEY, "owed_from"),
            **each(_POINTS, "earned_total", "changed_at"),
        },
    )
    register(
        Entry,
        {
            **each(_KEY, "id", "public_id", "member", "key", "rule", "reverses"),
            **each(_KEY, "source_type", "source_id"),
            **each(_POINTS, "kind", "points", "moved", "balance_after", "at"),
            **each(_POINTS, "posted_at", "reason"),
        },
    )
    register(EntryNote, {**each(_KEY, "entry"), **each(_NOTE, "text")})
    register(
        Lot,
        {
            **each(_KEY, "entry", "member", "origin"),
            **each(_POINTS, "points", "remaining", "active_from", "is_pending"),
            **each(_POINTS, "expires_at"),
        },
    )
    register(
        LotUse,
        {
            **each(_KEY, "id", "member", "entry", "lot"),
            **each(_POINTS, "points"),
        },
    )
    register(
        Reservation,
        {
            **each(_KEY, "id", "public_id", "member", "key"),
            **each(_POINTS, "points", "reserved_at", "expires_at", "ended_at"),
            **each(_POINTS, "outcome"),
        },
    )
    # Who wrote, published and withdrew a version.
    register(
        EarningRule,
        {
            **each(_WORK, "id", "public_id", "programme", "version", "status"),
            **each(_WORK, "starts_at", "points_per_unit", "excluded_groups"),
            **each(_WORK, "expires_after_months", "point_value", "reward_points"),
            **each(_WORK, "terms", "title", "written_by", "changed_at"),
            **each(_WORK, "published_by", "published_at", "told_on"),
            **each(_WORK, "runs_down_until", "withdrawn_by", "withdrawn_at"),
        },
    )
    register(
        ClosedMonth,
        {
            **each(_WORK, "id", "programme", "month", "ends_at", "closed_at"),
            **each(_WORK, "closed_by", "issued", "used", "expired", "outstanding"),
            **each(_WORK, "liability", "uses_until", "figures"),
        },
    )
    register(
        BreakageAssumption,
        {
            **each(_WORK, "id", "public_id", "programme", "valid_from", "used_share"),
            **each(_WORK, "because", "written_at", "written_by"),
        },
    )
    register(
        ProofRun,
        {
            **each(_WORK, "id", "public_id", "started_at", "ended_at", "members"),
            **each(_WORK, "entries", "points", "differences", "details"),
            **each(_WORK, "started_by", "programme"),
        },
    )
    register_hook(erasure.lapse)
