"""How tiers follow when two memberships become one, and are parted again.

What both did is counted together and the higher tier is kept. The undoing gives back
the days, as far as they are still there, and to both the tiers that they had. Periods
stay with the membership that had them: they are its history, and could overlap.
"""

import json
from decimal import Decimal
from typing import Any

from django.db import connection

from members import merge_registry
from members.merge_registry import Merging
from points.models import Activity, TierOutlook, TierPeriod

_NOTE = TierPeriod._meta.label


def register() -> None:
    """Register the models; called once, when the room is ready."""
    merge_registry.register(Activity, TierPeriod, merge=merge, undo=undo)
    merge_registry.register_stays(TierOutlook, "says how one night was")


def merge(merging: Merging) -> None:
    """Count what both did together, and keep the higher tier."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT points_tiers_merge(%s, %s, %s)",
            [merging.kept.pk, merging.merged.pk, merging.now],
        )
        found = cursor.fetchone()[0]
    if found is None:
        return
    note = json.loads(found) if isinstance(found, str) else found
    earlier = merging.merge.notes.get(_NOTE)
    merging.merge.notes[_NOTE] = _together(earlier, note) if earlier else note


def undo(merging: Merging) -> None:
    """Give both what they had, as far as it is still there."""
    note = merging.merge.notes.get(_NOTE)
    if note is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT points_tiers_unmerge(%s, %s, %s::jsonb, %s)",
            [merging.kept.pk, merging.merged.pk, json.dumps(note), merging.now],
        )


def _together(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Return what two rounds of one merge noted: the second is of what came beside."""
    days = {day: list(sums) for day, sums in earlier["days"].items()}
    for day, sums in later["days"].items():
        spend, *numbers = days.get(day, ["0", 0, 0, 0])
        days[day] = [
            str(Decimal(spend) + Decimal(sums[0])),
            *(one + other for one, other in zip(numbers, sums[1:], strict=True)),
        ]
    return {
        "days": days,
        "made": later["made"] or earlier["made"],
        "kept": earlier["kept"] if earlier["made"] else later["kept"],
        "merged": earlier["merged"] or later["merged"],
    }
