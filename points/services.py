"""What this room does: post to the ledger, publish a rule, let points expire."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Max

from common.ids import uuid7
from members import events
from points import kinds
from points.models import EarningRule, Entry

# A rule may not give more than this for one unit of currency: points are integers, and
# a wrong decimal point would be expensive.
MOST_POINTS_PER_UNIT = Decimal(100)

_POST = """
SELECT entry_id, balance_after, is_replay FROM points_post(
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_EXPIRE = "SELECT members, entries, points FROM points_expire(%s, %s)"

# Earning and returning are told by the receipt's own event.
_EVENTS = {
    Entry.Kind.SPEND: kinds.SPENT,
    Entry.Kind.REVERSE: kinds.REVERSED,
    Entry.Kind.ADJUST: kinds.ADJUSTED,
}


class InsufficientPoints(Exception):
    """Raised when a member would spend more points than they have."""


class PointsHeld(Exception):
    """Raised when points would be used while they are held after a change of contact.

    Somebody may have taken the membership over; the owner has until then to undo it.
    """


class MemberMerged(Exception):
    """Raised when the member was merged into another: post to that one."""


class KeyReused(Exception):
    """Raised when a ledger key was used before for another posting."""


# What the ledger's own code says when it refuses a posting.
_REFUSALS: dict[str, type[Exception]] = {
    "SKP01": InsufficientPoints,
    "SKP02": PointsHeld,
    "SKP03": MemberMerged,
}


class RuleInvalid(ValueError):
    """Raised for a rule that cannot be published; the message says why."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry, the balance after it, and whether it was there already."""

    entry_id: int
    balance_after: int
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Expired:
    """What a run of the expiry did."""

    members: int
    entries: int
    points: int


def post(
    *,
    member_id: int,
    kind: Entry.Kind,
    points: int,
    key: str,
    at: datetime,
    now: datetime,
    rule_id: int | None = None,
    expires_at: datetime | None = None,
    reverses_id: int | None = None,
    source_type: str = "",
    source_id: UUID | None = None,
    reason: str = "",
) -> Posted:
    """Post one entry to a member's ledger; a repeated key posts nothing.

    Raises:
        InsufficientPoints: there are fewer points than would be taken.
        PointsHeld: a spend while the member's points are held.
        MemberMerged: the member was merged into another one.
        KeyReused: the key belongs to an entry of another kind or size.
    """
    with transaction.atomic():
        public_id = uuid7()
        posted = _post(
            [
                member_id,
                kind.value,
                points,
                at,
                now,
                key,
                rule_id,
                source_type,
                source_id,
                reason,
                public_id,
                expires_at,
                reverses_id,
            ]
        )
        if posted.is_replay:
            _refuse_other(posted, kind, points)
        elif kind in _EVENTS:
            events.record(
                member_id=member_id,
                kind=_EVENTS[kind],
                at=at,
                now=now,
                data={"points": points},
                subject_type="entry",
                subject_id=public_id,
            )
    return posted


def expire_points(*, now: datetime, limit: int = 1000) -> Expired:
    """Let the points of up to `limit` members lapse whose day has passed.

    Safe to run twice and beside itself: a lot lapses once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, [now, limit])
        members, entries, points = cursor.fetchone()
    return Expired(members or 0, entries or 0, int(points or 0))


def publish_rule(*, rule: EarningRule, now: datetime) -> EarningRule:
    """Publish a draft; from its start on purchases earn by it. It never changes again.

    Raises:
        RuleInvalid: it is published already, starts in the past of another version, or
            gives amounts that nobody means.
    """
    with transaction.atomic():
        rule = EarningRule.objects.select_for_update().get(pk=rule.pk)
        _check_rule(rule, now)
        rule.status = EarningRule.Status.PUBLISHED
        rule.save(update_fields=["status"])
    return rule


def _post(arguments: list[Any]) -> Posted:
    try:
        # A savepoint: a refused spend must not spoil the caller's transaction.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_POST, arguments)
            return Posted(*cursor.fetchone())
    except DatabaseError as error:
        refusal = _REFUSALS.get(getattr(error.__cause__, "sqlstate", ""))
        if refusal is None:
            raise
        raise refusal from error


def _refuse_other(posted: Posted, kind: Entry.Kind, points: int) -> None:
    entry = Entry.objects.get(pk=posted.entry_id)
    if (entry.kind, entry.points) != (kind.value, points):
        raise KeyReused(entry.key)


def _check_rule(rule: EarningRule, now: datetime) -> None:
    if rule.status == EarningRule.Status.PUBLISHED:
        message = "The rule is published already."
        raise RuleInvalid(message)
    if rule.points_per_unit > MOST_POINTS_PER_UNIT:
        message = f"A rule gives at most {MOST_POINTS_PER_UNIT} points for a unit."
        raise RuleInvalid(message)
    published = EarningRule.objects.filter(
        programme_id=rule.programme_id, status=EarningRule.Status.PUBLISHED
    )
    last = published.aggregate(last=Max("starts_at"))["last"]
    # The first version may reach back: purchases from before the club began to count
    # are loaded by it. Later ones may not, for then two rules would claim one day.
    if last is not None and rule.starts_at <= max(last, now - timedelta(minutes=1)):
        message = "The rule must start after now and after the last published one."
        raise RuleInvalid(message)
