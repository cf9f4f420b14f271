"""What a member has: points, their worth, the next benefit, what expires when.

The sentences come from `points.words`, and so from the rule itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from members.models import Member
from points import rules, words
from points.programme.leaflet import in_short
from points.rules import EarningRule
from points.selectors import (
    NextBenefit,
    balance_of,
    find_rule,
    next_benefit,
    next_expiry,
)

# Points that expire later than this are no news yet.
_EXPIRES_SOON = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that expire soon, in words, and what they are worth."""

    text: str
    worth: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of the first page."""

    points: int
    worth: str
    # The way to the next benefit in words, and how far the bar is filled.
    next_benefit: str
    progress: int
    # What the points are enough for already, or nothing.
    vouchers: str
    reward: str
    expiring: Expiring | None


def overview_of(member: Member, *, now: datetime) -> Overview:
    """Put together what a member has."""
    balance = balance_of(member, now)
    rule = find_rule(programme_id=member.programme_id, at=now)
    benefit = next_benefit(member, now)
    return Overview(
        points=balance.points,
        # A true minus, which does not break off at the end of a line.
        worth=display(balance.worth, balance.currency).replace("-", "\u2212"),
        next_benefit=words.to_next(benefit) if benefit else "",
        progress=benefit.progress if benefit else 0,
        vouchers=_vouchers(
            benefit.vouchers, display(benefit.reward_worth, benefit.currency)
        )
        if benefit
        else "",
        reward=_reward(rule, balance.currency, benefit) if rule else "",
        expiring=_expiring(member, rule, now) if rule else None,
    )


def rule_sentences(member: Member, *, now: datetime) -> list[str]:
    """Say the rules most worth knowing, or nothing while there are none."""
    return in_short(member.programme, now=now)


def worth_of_a_point(member: Member, *, now: datetime) -> str:
    """Say what a point is worth, for pages that show points one by one."""
    rule = find_rule(programme_id=member.programme_id, at=now)
    if rule is None:
        return ""
    return f"{words.worth_of_a_point(rule, member.programme.currency)}."


def _vouchers(count: int, worth: str) -> str:
    if not count:
        return ""
    return ngettext(
        "Your points are enough for %(count)s voucher of %(worth)s",
        "Your points are enough for %(count)s vouchers of %(worth)s",
        count,
    ) % {"count": words.number(count), "worth": worth}


def _reward(rule: EarningRule, currency: str, benefit: NextBenefit | None) -> str:
    if benefit and benefit.vouchers and benefit.is_automatic:
        # Points that no purchase brought are turned at night.
        return _("You need do nothing: it is here tomorrow at the latest.")
    return f"{words.reward(rule, currency)}."


def _expiring(member: Member, rule: EarningRule, now: datetime) -> Expiring | None:
    found = next_expiry(member, now)
    if found is None or found.expires_at > now + _EXPIRES_SOON:
        return None
    programme = member.programme
    return Expiring(
        text=words.expiring(found.points, found.expires_at, programme.zone),
        worth=display(rules.worth(found.points, rule), programme.currency),
    )
