"""How money becomes points and points become money: pure decisions.

Everything is exact: `Decimal` in, whole points out, always rounded down, so that
nobody gains by splitting a purchase and nobody loses by a rounding of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from common.periods import add_months, end_of_month_after, local_day, start_of_day
from points.terms import ExpiryKind, Terms

_OERE = Decimal("0.01")
_SMALLEST = 100_000_000

# Selling one is no purchase yet: the goods that are paid with it earn instead. Held
# here and not in each rule, so that no rule can forget it.
GIFT_CARD_GROUPS = frozenset({"giftcard", "giftcards", "presentkort", "gavekort"})


@dataclass(frozen=True, slots=True)
class EarningRule:
    """One published version of how purchases earn and what points are worth."""

    id: int
    version: int
    points_per_unit: Decimal
    excluded_groups: frozenset[str]
    expires_after_months: int | None
    point_value: Decimal
    reward_points: int
    # Everything else that the version says.
    terms: Terms = field(default_factory=Terms)


# There are few groups, and a load asks for the same ones a million times.
@lru_cache(maxsize=4096)
def group_name(article_group: str) -> str:
    """Return an article group as it is compared: `Gift-Card` is `giftcard`."""
    return "".join(sign for sign in article_group.casefold() if sign.isalnum())


def earns(*, awards_bonus: bool, article_group: str, rule: EarningRule | None) -> bool:
    """Tell whether a purchase line counts towards points.

    Without a rule only what no rule could ever let earn is left out.
    """
    if not awards_bonus:
        return False
    if not article_group:
        return True
    group = group_name(article_group)
    if group in GIFT_CARD_GROUPS:
        return False
    return rule is None or group not in _compared(rule.excluded_groups)


@lru_cache(maxsize=256)
def _compared(groups: frozenset[str]) -> frozenset[str]:
    return frozenset(map(group_name, groups))


def points_for(eligible: Decimal, rule: EarningRule) -> int:
    """Return the points that an amount of money earns, rounded down.

    On the receipt's sum, never line by line: splitting a line changes nothing.
    """
    if eligible <= 0:
        return 0
    exact = eligible * rule.points_per_unit
    return int(exact.to_integral_value(rounding=ROUND_FLOOR))


def shares(points: int, amounts: Sequence[Decimal]) -> list[int]:
    """Divide points over lines in proportion to what each gives; they add up.

    The largest remainder gets the next point, the earlier line among equals. A line
    without an amount gets none, unless no line has one.
    """
    if points == 0 or sum(amounts) <= 0:
        return [0] * len(amounts)
    # In whole numbers, so that the division is exact: a millionth of an öre is one.
    weights = [int(amount * _SMALLEST) for amount in amounts]
    whole = sum(weights)
    sign = -1 if points < 0 else 1
    parts = [divmod(abs(points) * weight, whole) for weight in weights]
    given = [part for part, _rest in parts]
    left = abs(points) - sum(given)
    if left:
        rests = [-rest for _part, rest in parts]
        for place in sorted(range(len(parts)), key=rests.__getitem__)[:left]:
            given[place] += 1
    return [sign * part for part in given]


def expires_at(moment: datetime, rule: EarningRule, zone: ZoneInfo) -> datetime | None:
    """Return when points earned at a moment expire, or None for never.

    On inactivity: when nothing is bought after that moment.
    """
    terms = rule.terms
    if terms.expiry is ExpiryKind.FIXED:
        last = _first_on(
            terms.expiry_day,
            add_months(local_day(moment, zone), 12 * terms.expiry_years),
        )
        return start_of_day(last + timedelta(days=1), zone)
    if rule.expires_after_months is None:
        return None
    return end_of_month_after(moment, rule.expires_after_months, zone)


def active_from(moment: datetime, rule: EarningRule, zone: ZoneInfo) -> datetime:
    """Return when points earned at a moment become usable.

    When the day begins that is so many days later: with 14, what was bought at any
    time of 1 March is usable from 15 March on, as the calendar counts.
    """
    days = rule.terms.pending_days
    if not days:
        return moment
    return start_of_day(local_day(moment, zone) + timedelta(days=days), zone)


def idle_months(rule: EarningRule) -> int | None:
    """Return after how many months without a purchase points lapse, if they do."""
    if rule.terms.expiry is not ExpiryKind.INACTIVITY:
        return None
    return rule.expires_after_months


def _first_on(month_and_day: tuple[int, int], earliest: date) -> date:
    """Return the first such day of a year that is not before another day."""
    month, day = month_and_day
    for year in (earliest.year, earliest.year + 1):
        # 29 February is the 28th where there is none.
        found = add_months(date(2000, month, day), 12 * (year - 2000))
        if found >= earliest:
            break
    return found


def worth(points: int, rule: EarningRule) -> Decimal:
    """Return what points are worth in money, rounded down to whole öre."""
    return (points * rule.point_value).quantize(_OERE, rounding=ROUND_DOWN)


def reward_worth(rule: EarningRule) -> Decimal:
    """Return what the first voucher is worth: its step says so, where there are any."""
    for step in rule.terms.vouchers.steps:
        if step.points == rule.reward_points:
            return step.value
    return worth(rule.reward_points, rule)


def points_to_next(balance: int, rule: EarningRule) -> int:
    """Return how many points are missing to the next voucher; at least one.

    A balance that is worth a voucher already counts towards the one after it; a debt
    is paid first.
    """
    return rule.reward_points - (
        balance if balance < 0 else balance % rule.reward_points
    )


def vouchers_in(balance: int, rule: EarningRule) -> int:
    """Return how many vouchers a balance would become."""
    return max(balance, 0) // rule.reward_points


# RETURNS


def points_to_take_back(
    *, kept: int, eligible: Decimal, returned: Decimal, rule: EarningRule
) -> int:
    """Return how many points a return takes, by the rule of the day of purchase.

    `kept` is what the member still has of the purchase's points (earned, less taken
    back, less expired); `returned` is all that has come back, this return included.
    Because it is worked out from the whole, any split and order of returns ends the
    same: what is kept is what the goods that were kept would have earned alone.
    """
    remaining = max(eligible - returned, Decimal(0))
    return max(kept - points_for(remaining, rule), 0)
