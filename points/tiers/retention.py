"""How long the days that tiers are counted from are kept, and a night's outlook."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from consent.registry import Retention
from consent.retention.kinds import Due, register
from consent.retention.periods import days_of
from points.models import Activity, TierOutlook

# A window and the one before it, the longest grace, and a year to answer questions in.
_DAYS = days_of(36)
_COUNT = """
SELECT count(*) FROM points_activity a JOIN members_member m ON m.id = a.member_id
WHERE m.programme_id = %(programme)s AND a."on" < %(before)s
"""
_DROP = """
DELETE FROM points_activity WHERE id IN (
    SELECT a.id FROM points_activity a JOIN members_member m ON m.id = a.member_id
    WHERE m.programme_id = %(programme)s AND a."on" < %(before)s LIMIT %(limit)s)
"""


def register_all() -> None:
    """Register the kinds; called once, when the room is ready."""
    register(
        "tier-days",
        title=_("What tiers are counted from"),
        does=_("The sums by day are deleted. The tiers and their history stay."),
        why=_(
            "A tier is counted over a year and kept by the year after; one more to"
            " answer why somebody has it."
        ),
        days=_DAYS,
        model=Activity,
        count=_count,
        prune=_drop,
        keeps={Activity: Retention.THREE_YEARS},
        order=14,
        is_routine=True,
    )
    register(
        "tier-outlook",
        title=_("Who was near a tier"),
        does=_("The list is deleted; each night makes a new one."),
        why=_("Only the latest is looked at."),
        days=30,
        model=TierOutlook,
        count=lambda due: _outlook(due).count(),
        prune=_drop_outlook,
        keeps={TierOutlook: Retention.MONTH},
        order=15,
        is_routine=True,
    )


def _values(due: Due) -> dict[str, Any]:
    day = due.before.astimezone(due.programme.zone).date()
    return {"programme": due.programme.pk, "before": day}


def _count(due: Due) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _values(due))
        return int(cursor.fetchone()[0])


def _drop(due: Due, limit: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DROP, {**_values(due), "limit": limit})
        return int(cursor.rowcount)


def _outlook(due: Due) -> QuerySet[TierOutlook]:
    return TierOutlook.objects.filter(
        run__programme=due.programme, run__started_at__lt=due.before
    )


def _drop_outlook(due: Due, limit: int) -> int:
    some = _outlook(due).values("pk")[:limit]
    return TierOutlook.objects.filter(pk__in=some).delete()[0]
