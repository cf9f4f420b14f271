"""What a member has: points, their worth, the next benefit, what expires when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from common.money import display
from members.models import Member
from points import rules
from points.selectors import balance_of, find_rule, next_benefit, next_expiry

# Points that expire later than this are no news yet.
_EXPIRES_SOON = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that expire soon, what they are worth, and their last instant."""

    points: int
    worth: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of the first page."""

    points: int
    worth: str
    # The way to the next benefit, for the bar on the card.
    goal: str
    goal_from: str
    progress: int
    vouchers: str
    expiring: Expiring | None


def overview_of(member: Member, *, now: datetime) -> Overview:
    """Put together what a member has."""
    balance = balance_of(member, now)
    goal = next_benefit(member, now)
    return Overview(
        points=balance.points,
        worth=display(balance.worth, balance.currency).replace("-", "\u2212"),
        goal=_goal(goal.missing, display(goal.reward_worth, goal.currency))
        if goal
        else "",
        goal_from=f"{goal.progress}\u00a0%" if goal else "",
        progress=goal.progress if goal else 0,
        vouchers=_vouchers(goal.vouchers, display(goal.reward_worth, goal.currency))
        if goal
        else "",
        expiring=_expiring(member, now),
    )


def _goal(missing: int, worth: str) -> str:
    return ngettext(
        "%(points)s point to %(worth)s off",
        "%(points)s points to %(worth)s off",
        missing,
    ) % {"points": number_format(missing, force_grouping=True), "worth": worth}


def _vouchers(count: int, worth: str) -> str:
    """Say what the points are enough for already."""
    if not count:
        return ""
    if count == 1:
        return gettext("Enough for %(worth)s off now") % {"worth": worth}
    return gettext("Enough for %(count)s times %(worth)s off now") % {
        "count": count,
        "worth": worth,
    }


def _expiring(member: Member, now: datetime) -> Expiring | None:
    found = next_expiry(member, now)
    rule = find_rule(programme_id=member.programme_id, at=now)
    if found is None or rule is None or found.expires_at > now + _EXPIRES_SOON:
        return None
    return Expiring(
        points=found.points,
        worth=display(rules.worth(found.points, rule), member.programme.currency),
        # A period ends before its end: at midnight it is the day before that counts.
        last_at=found.expires_at - timedelta(seconds=1),
    )
