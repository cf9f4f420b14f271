"""Reads of the privacy desk: messages, what stopped them, what preceded a no."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import TruncDate

from consent.models import ConsentEntry
from messaging.models import Message
from stores.models import Programme

# A marketing message or survey this long before a withdrawal may be why.
PRECEDES = timedelta(days=7)
ADVERTISING = (Message.Class.MARKETING, Message.Class.SURVEY)
_TAKEN_BACK = (ConsentEntry.Action.WITHDRAWN, ConsentEntry.Action.OBJECTED)
# Said again by the house, not by the member.
_REPEATED = (ConsentEntry.Source.MERGE, ConsentEntry.Source.IMPORT)

# Errors of transports are words; codes of the gate and of the limits are not.
_WAITS = Q(state=Message.State.NEW, error=KT("gate__code")) & ~Q(error="")

# An annotation, which the types of the model do not know.
_BEFORE: str = "before_kind"

StopCounts = list[tuple[str, str, str, date, int]]


def list_messages(*, programme: Programme) -> QuerySet[Message]:
    """Return a club's messages, newest first."""
    return (
        Message.objects.filter(programme=programme)
        .select_related("member__programme", "programme")
        .order_by("-queued_at", "-pk")
    )


def list_stopped(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Return those that were stopped, and those that wait because they had to."""
    return messages.filter(Q(state=Message.State.STOPPED) | _WAITS)


def count_stops(*, programme: Programme, since: datetime, zone: ZoneInfo) -> StopCounts:
    """Count what was stopped or made to wait: code, class, channel, day, how many.

    By the day on which the message was queued.
    """
    messages = list_stopped(Message.objects.filter(programme=programme))
    return list(
        messages.filter(queued_at__gte=since)
        .values_list(
            "error",
            "message_class",
            "channel",
            TruncDate("queued_at", tzinfo=zone),
        )
        .annotate(number=Count("pk"))
        .order_by()
    )


def list_taken_back(*, programme: Programme) -> QuerySet[ConsentEntry]:
    """Return what members took back or objected to, with what preceded it.

    `before_id`, `before_kind` and `before_at` are of the last marketing message or
    survey that reached the member within seven days; None where there was none.
    """
    before = Message.objects.filter(
        member=OuterRef("member"),
        message_class__in=ADVERTISING,
        sent_at__lte=OuterRef("at"),
        sent_at__gt=OuterRef("at") - PRECEDES,
    ).order_by("-sent_at", "-pk")
    return (
        ConsentEntry.objects.filter(member__programme=programme, action__in=_TAKEN_BACK)
        .exclude(source__in=_REPEATED)
        .annotate(
            before_id=Subquery(before.values("public_id")[:1]),
            before_kind=Subquery(before.values("kind")[:1]),
            before_at=Subquery(before.values("sent_at")[:1]),
        )
    )


def count_taken_back_by_kind(
    entries: QuerySet[ConsentEntry],
) -> list[tuple[str | None, int]]:
    """Count what was taken back by the kind of message that preceded it."""
    return list(
        entries.order_by()
        .values_list(_BEFORE)
        .annotate(number=Count("pk"))
        .order_by("-number", "before_kind")
    )


def count_taken_back_by_day(
    *, programme: Programme, since: datetime, zone: ZoneInfo
) -> dict[date, int]:
    """Count what was taken back by the day on which it was."""
    entries = ConsentEntry.objects.filter(
        member__programme=programme, action__in=_TAKEN_BACK, at__gte=since
    ).exclude(source__in=_REPEATED)
    return dict(
        entries.values_list(TruncDate("at", tzinfo=zone))
        .annotate(number=Count("pk"))
        .order_by()
    )


def sum_by(counts: StopCounts, place: int) -> list[tuple[str, int]]:
    """Sum counts of stops by one of their columns, the largest first."""
    sums: dict[str, int] = {}
    for row in counts:
        key = str(row[place])
        sums[key] = sums.get(key, 0) + row[4]
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))


def sum_by_day(counts: Iterable[tuple[str, str, str, date, int]]) -> dict[date, int]:
    """Sum counts of stops by day."""
    sums: dict[date, int] = {}
    for *_rest, day, number in counts:
        sums[day] = sums.get(day, 0) + number
    return sums
