"""What the home page reads: a handful of statements, whatever the size."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils.translation import gettext as _

from common.periods import local_day, start_of_day
from members.models import Member
from messaging.models import Message
from points.models import Account
from purchases.models import Receipt
from stores.models import Programme

# A registration that nobody finished within a day will hardly be finished by itself.
PENDING_AFTER = timedelta(days=1)
FAILED_WITHIN = timedelta(days=7)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Span:
    """The period, the one before it, and the club's days in them."""

    days: list[date]
    before: list[date]
    starts_at: datetime
    before_starts_at: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Joined:
    """Who became active: how many each day, and in which stores this period."""

    by_day: dict[date, int]
    by_store: list[tuple[str, int]]

    def total(self, days: Iterable[date]) -> int:
        """Return how many joined on these days."""
        return sum(self.by_day.get(day, 0) for day in days)


def make_span(zone: ZoneInfo, days: int, now: datetime) -> Span:
    """Return the period of so many days that ends today."""
    today = local_day(now, zone)
    first = today - timedelta(days=days - 1)
    before = first - timedelta(days=days)
    return Span(
        days=[first + timedelta(days=index) for index in range(days)],
        before=[before + timedelta(days=index) for index in range(days)],
        starts_at=start_of_day(first, zone),
        before_starts_at=start_of_day(before, zone),
        zone=zone,
    )


def within(
    rows: QuerySet[Any], column: str, store_ids: frozenset[int] | None
) -> QuerySet[Any]:
    """Keep the rows of some stores; None keeps all."""
    if store_ids is None:
        return rows
    return rows.filter(**{f"{column}__in": sorted(store_ids)})


def count_people(members: QuerySet[Member], now: datetime) -> dict[str, int]:
    """Count members by where they stand; one pass over the table."""
    return members.aggregate(
        all=Count("pk"),
        active=Count("pk", filter=Q(status=Member.Status.ACTIVE)),
        pending=Count(
            "pk",
            filter=Q(
                status=Member.Status.PENDING, registered_at__lt=now - PENDING_AFTER
            ),
        ),
    )


def joined_in(members: QuerySet[Member], span: Span) -> Joined:
    """Count who became active, by day and store, in this period and the one before."""
    rows = (
        members.filter(activated_at__gte=span.before_starts_at)
        .annotate(day=TruncDate("activated_at", tzinfo=span.zone))
        .values("day", "registered_store__name")
        .annotate(number=Count("pk"))
    )
    by_day: dict[date, int] = {}
    by_store: dict[str, int] = {}
    for row in rows:
        by_day[row["day"]] = by_day.get(row["day"], 0) + row["number"]
        if row["day"] >= span.days[0]:
            name = row["registered_store__name"] or _("Without a store")
            by_store[name] = by_store.get(name, 0) + row["number"]
    ranked = sorted(by_store.items(), key=lambda pair: (-pair[1], pair[0]))
    return Joined(by_day=by_day, by_store=ranked)


def left_in(members: QuerySet[Member], span: Span) -> dict[date, int]:
    """Count who left after having been active, by day of the period."""
    rows = (
        members.filter(left_at__gte=span.starts_at, activated_at__isnull=False)
        .annotate(day=TruncDate("left_at", tzinfo=span.zone))
        .values("day")
        .annotate(number=Count("pk"))
        .values_list("day", "number")
    )
    return dict(rows)


def turnover_of(
    receipts: QuerySet[Receipt], span: Span
) -> dict[date, tuple[Decimal, Decimal]]:
    """Return what members, and everybody, paid on each day of both periods."""
    rows = (
        receipts.filter(purchased_at__gte=span.before_starts_at)
        .annotate(day=TruncDate("purchased_at", tzinfo=span.zone))
        .values("day")
        .annotate(
            by_members=Coalesce(
                Sum("total", filter=Q(member__isnull=False)), Value(ZERO)
            ),
            everything=Sum("total"),
        )
        .values_list("day", "by_members", "everything")
    )
    return {day: (by_members, everything) for day, by_members, everything in rows}


def count_failed_messages(programme: Programme, now: datetime) -> int:
    """Count messages of the last days that nobody got."""
    return Message.objects.filter(
        programme=programme,
        state__in=[Message.State.FAILED, Message.State.UNKNOWN],
        queued_at__gte=now - FAILED_WITHIN,
    ).count()


def outstanding(programme: Programme, store_ids: frozenset[int] | None) -> int:
    """Return the points that members can use."""
    accounts = within(
        Account.objects.filter(member__programme=programme),
        "member__registered_store",
        store_ids,
    )
    total: int = accounts.aggregate(
        points=Coalesce(
            Sum(Greatest(F("balance") - F("pending") - F("reserved"), Value(0))),
            Value(0),
        )
    )["points"]
    return total


def member_sales(turnover: dict[date, tuple[Decimal, Decimal]], day: date) -> Decimal:
    """Return what members paid on a day."""
    return turnover.get(day, (ZERO, ZERO))[0]


def sum_sales(
    turnover: dict[date, tuple[Decimal, Decimal]], days: Iterable[date]
) -> Decimal:
    return sum((member_sales(turnover, day) for day in days), ZERO)
