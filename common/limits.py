"""Limits that survive restarts: token buckets as rows, one statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Least

from common import blind
from common.models import RateBucket


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` per `per`, refilled evenly; `name` says of what."""

    name: str
    amount: int
    per: timedelta


class LimitReached(Exception):
    """Raised when a bucket is empty; `retry_after` says in how many seconds."""

    def __init__(self, limit: Limit, retry_after: int) -> None:
        super().__init__(limit.name)
        self.limit = limit
        self.retry_after = retry_after


# A limit, whom it is for, and how many tokens: one unless said.
Draw = tuple[Limit, str] | tuple[Limit, str, int]

# Takes the tokens if they are there. The refill is worked out in the same statement, so
# two callers cannot both take the last one; a refused call leaves the row as it was.
_TAKE = """
INSERT INTO common_ratebucket AS bucket (name, tokens, refilled_at)
SELECT %(name)s, %(amount)s - %(cost)s, %(now)s
WHERE %(cost)s <= %(amount)s OR EXISTS (
    SELECT FROM common_ratebucket WHERE name = %(name)s)
ON CONFLICT (name) DO UPDATE SET
    tokens = LEAST(%(amount)s, bucket.tokens
        + GREATEST(0, EXTRACT(EPOCH FROM %(now)s - bucket.refilled_at))
        * %(rate)s) - %(cost)s,
    refilled_at = GREATEST(bucket.refilled_at, %(now)s)
WHERE LEAST(%(amount)s, bucket.tokens
        + GREATEST(0, EXTRACT(EPOCH FROM %(now)s - bucket.refilled_at))
        * %(rate)s) >= %(cost)s
RETURNING tokens
"""


def take(limits: Sequence[Draw], *, now: datetime) -> None:
    """Take the tokens from each bucket, or from none.

    Each is a limit, whom it is for (stored as a keyed hash), and how many tokens if it
    is not one.

    Raises:
        LimitReached: a bucket holds too few.
    """
    # Sorted, so that two callers lock the rows in the same order.
    named = sorted(
        (_name(limit, subject), limit, cost[0] if cost else 1)
        for limit, subject, *cost in limits
    )
    with transaction.atomic(), connection.cursor() as cursor:
        for name, limit, cost in named:
            rate = limit.amount / limit.per.total_seconds()
            cursor.execute(
                _TAKE,
                {
                    "name": name,
                    "amount": limit.amount,
                    "cost": cost,
                    "now": now,
                    "rate": rate,
                },
            )
            if cursor.fetchone() is None:
                raise LimitReached(limit, _seconds_until(cost, name, rate, now))


def give_back(limits: Sequence[tuple[Limit, str]]) -> None:
    """Put back one token into each bucket that `take` took from.

    For limits on failures: a try is paid for before it is made, so that many tries at
    once cannot slip through together, and paid back when it succeeds.
    """
    for name, limit in sorted((_name(limit, who), limit) for limit, who in limits):
        RateBucket.objects.filter(name=name).update(
            tokens=Least(F("tokens") + 1, Value(float(limit.amount)))
        )


def prune(*, now: datetime, older_than: timedelta = timedelta(days=2)) -> int:
    """Delete buckets nobody has drawn from for a while; return how many."""
    deleted, _per_model = RateBucket.objects.filter(
        refilled_at__lt=now - older_than
    ).delete()
    return deleted


def _name(limit: Limit, subject: str) -> str:
    return f"{limit.name}:{blind.index('limit', subject).hex()[:32]}"


def _seconds_until(cost: int, name: str, rate: float, now: datetime) -> int:
    bucket = RateBucket.objects.filter(name=name).first()
    if bucket is None:
        # More than the bucket holds when full.
        return max(1, int(cost / rate) + 1)
    filled = bucket.tokens + max(0.0, (now - bucket.refilled_at).total_seconds()) * rate
    return max(1, int((cost - filled) / rate) + 1)
