"""What members bring along from another system: an opening balance, once for each.

It is an entry and a lot like any other, of the month in which it came: what the members
did for it, and when, the club cannot know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from points import rules, worth
from points.rules import EarningRule
from points.selectors import find_rule
from points.worth import Worth
from stores.models import Programme

# The entry's key: a member has it once, whichever file or system it came from.
KEY = "import"
_OPEN = "SELECT points_open_balances(%s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Opening:
    """What points are taken over by: the version, and when they lapse unless told."""

    rule: EarningRule
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Brought:
    """What some members bring along, each in the same place of every list."""

    members: Sequence[int]
    points: Sequence[int]
    expires_at: Sequence[datetime | None]


def opening_at(programme: Programme, moment: datetime) -> Opening | None:
    """Return what points are taken over by at a moment; None without a version.

    By the version in force, or, for a club that has not begun yet, by the one that it
    will begin with.
    """
    rule = find_rule(programme_id=programme.pk, at=moment) or find_rule(
        programme_id=programme.pk
    )
    if rule is None:
        return None
    return Opening(rule, rules.expires_at(moment, rule, programme.zone))


def open_balances(
    *, brought: Brought, rule_id: int, source_id: UUID, now: datetime
) -> int:
    """Give members what they bring along; return how many of them were given it.

    Not who has been given theirs before, or was merged or erased: so a repeat gives
    nothing. Debts are paid first. For thousands at once, in the caller's transaction,
    which an account that is opened meanwhile makes fail with an IntegrityError.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            [
                list(brought.members),
                list(brought.points),
                list(brought.expires_at),
                now,
                now,
                rule_id,
                source_id,
            ],
        )
        (given,) = cursor.fetchone()
    return int(given)


def worth_of(points: int, rule: EarningRule) -> Worth:
    """Return what points are worth, by the vouchers that they can become."""
    one = worth.of(rule)
    return Worth(points * one.least, points * one.most)
