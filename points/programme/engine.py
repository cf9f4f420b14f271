"""What a purchase earns by a version of the programme, line by line, with reasons.

The one engine: the till's receipts, claims, loads, the test basket and the replay of a
club's past all ask it. Pure and exact; no clock, no database. The whole receipt is
rounded once, never its lines, so that splitting a line changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from math import prod

from points import rules
from points.rules import EarningRule
from points.terms import (
    Birthday,
    Discounts,
    Goods,
    Multiplier,
    Rounding,
    Stacking,
    Tax,
    Terms,
    When,
)

_NOTHING = Decimal(0)
_ONE = Decimal(1)
_HUNDRED = Decimal(100)
_OERE = Decimal("0.01")
# What a receipt and its lines keep of points that are not whole.
_MILLIONTH = Decimal("0.000001")
_ROUNDINGS = {
    Rounding.DOWN: ROUND_FLOOR,
    Rounding.NEAREST: ROUND_HALF_UP,
    Rounding.UP: ROUND_CEILING,
}


class Why(StrEnum):
    """Why a line earns nothing, or a multiplier does not count on it."""

    TILL_SAYS_NO = "till_says_no"
    GIFT_CARD = "gift_card"
    EXCLUDED = "excluded"
    CURRENCY = "currency"
    GOODS = "goods"
    STORE = "store"
    CHANNEL = "channel"
    WEEKDAY = "weekday"
    HOUR = "hour"
    TIER = "tier"
    NOT_FIRST = "not_first"
    BIRTHDAY = "birthday"
    PERIOD = "period"
    TOTAL = "total"
    A_BETTER_ONE = "a_better_one"


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is known of a purchase and of who buys.

    `at` is in the programme's zone. `tier` is the member's at that moment; None
    without a ladder or a member.
    """

    at: datetime
    currency: str
    # True where the currency is the programme's own.
    is_own_currency: bool = True
    store: str = ""
    channel: str = "SHOP"
    tier: str | None = None
    is_first: bool = False
    born_on: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is bought. Money in the receipt's currency, positive.

    `paid` is with VAT and after discounts, `tax` the VAT of it, `discount` what was
    taken off before, with VAT. `tax_percent` says the VAT of what was given away.
    """

    paid: Decimal
    tax: Decimal = _NOTHING
    discount: Decimal = _NOTHING
    sku: str = ""
    group: str = ""
    category: str = ""
    brand: str = ""
    awards_bonus: bool = True
    tax_percent: Decimal = _NOTHING


@dataclass(frozen=True, slots=True)
class LineResult:
    """What a line gives: `rate` points a unit of `amount`, not rounded.

    `applied` are the keys of the multipliers that count, `missed` those that do not,
    each with its reason; `why_nothing` is set when the line earns nothing at all.
    """

    amount: Decimal
    rate: Decimal
    applied: tuple[str, ...] = ()
    missed: tuple[tuple[str, Why], ...] = ()
    why_nothing: Why | None = None

    @property
    def exact(self) -> Decimal:
        """Return the line's points before rounding."""
        return self.amount * self.rate


@dataclass(frozen=True, slots=True)
class Result:
    """What a receipt gives: per line, together before rounding, and in whole points."""

    lines: tuple[LineResult, ...]
    eligible: Decimal
    exact: Decimal
    points: int


def evaluate(rule: EarningRule, purchase: Purchase, lines: Sequence[Line]) -> Result:
    """Return what the lines of one purchase earn by a rule."""
    terms = rule.terms
    per_unit = rate_of(rule, purchase)
    amounts = [amount_of(line, terms) for line in lines]
    total = sum((line.paid for line in lines), _NOTHING)
    ruled_out = [
        (each, why_not_now(each.when, purchase, total)) for each in terms.multipliers
    ]
    results = tuple(
        _line(rule, per_unit, line, amount, ruled_out)
        for line, amount in zip(lines, amounts, strict=True)
    )
    earning = [each for each in results if each.rate]
    exact = in_millionths(sum((each.exact for each in earning), _NOTHING))
    return Result(
        lines=results,
        eligible=sum((each.amount for each in earning), _NOTHING),
        exact=exact,
        points=whole(exact, terms.rounding),
    )


def rate_of(rule: EarningRule, purchase: Purchase) -> Decimal:
    """Return the points of one unit of the purchase's currency; zero for an unknown."""
    if purchase.is_own_currency:
        return rule.points_per_unit
    money = rule.terms.currencies.get(purchase.currency)
    return money.points_per_unit if money else _NOTHING


def amount_of(line: Line, terms: Terms) -> Decimal:
    """Return the money of a line that counts, by the version's base."""
    paid, tax = line.paid, line.tax
    if terms.discounts is Discounts.BEFORE and line.discount:
        # The VAT of a price before its discount is in proportion to what was paid.
        before = paid + line.discount
        if terms.tax is Tax.WITH:
            return before
        if paid:
            return before - tax * before / paid
        return before * _HUNDRED / (_HUNDRED + line.tax_percent)
    return paid if terms.tax is Tax.WITH else max(paid - tax, _NOTHING)


def voucher_shares(paid: Decimal, prices: Sequence[Decimal]) -> list[Decimal]:
    """Return what a voucher paid of each price: in proportion, in whole öre.

    The largest remainder gets the next öre. What is above all prices pays for nothing.
    """
    paid = min(paid, sum(prices, _NOTHING))
    return [part * _OERE for part in rules.shares(int(paid / _OERE), prices)]


def less_voucher(line: Line, paid: Decimal) -> Line:
    """Return a line that a voucher paid a part of, as if that had been a discount."""
    if not paid:
        return line
    rest = line.paid - paid
    return replace(
        line,
        paid=rest,
        tax=line.tax * rest / line.paid,
        discount=line.discount + paid,
    )


def whole(exact: Decimal, rounding: Rounding) -> int:
    """Return whole points, by the version's rounding; never below zero."""
    if exact <= 0:
        return 0
    return int(exact.to_integral_value(rounding=_ROUNDINGS[rounding]))


def in_millionths(points: Decimal) -> Decimal:
    """Return points, or a rate, as precisely as they are kept."""
    exponent = points.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -6:
        return points
    return points.quantize(_MILLIONTH, rounding=ROUND_HALF_UP)


def is_plain(rule: EarningRule) -> bool:
    """Tell whether every line that earns gives the same for each krona paid.

    Then `points.rules.earns` alone says what a line gives, which loads and tills can
    ask quicker; a test holds it to `evaluate`.
    """
    terms = rule.terms
    return (
        not terms.multipliers
        and terms.tax is Tax.WITH
        and terms.discounts is Discounts.AFTER
        and not terms.excluded
    )


def factor_of(factors: Sequence[Decimal], stacking: Stacking) -> Decimal:
    """Return the one factor that several make together; 1 for none."""
    if not factors:
        return _ONE
    if stacking is Stacking.BEST:
        return max(factors)
    if stacking is Stacking.ADD:
        return _ONE + sum((factor - _ONE for factor in factors), _NOTHING)
    return prod(factors, start=_ONE)


def fits(goods: Goods, line: Line) -> bool:
    """Tell whether a line is of the goods; no goods named means all."""
    if not goods:
        return True
    return (
        (line.sku != "" and line.sku in goods.skus)
        or _named(line.group, goods.groups)
        or _named(line.category, goods.categories)
        or _named(line.brand, goods.brands)
    )


def _named(name: str, names: tuple[str, ...]) -> bool:
    return bool(name and names) and rules.group_name(name) in _compared(names)


@lru_cache(maxsize=1024)
def _compared(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(rules.group_name, names))


def _line(
    rule: EarningRule,
    per_unit: Decimal,
    line: Line,
    amount: Decimal,
    multipliers: Sequence[tuple[Multiplier, Why | None]],
) -> LineResult:
    why = why_nothing(rule, per_unit, line)
    if why is not None:
        return LineResult(amount, _NOTHING, why_nothing=why)
    if not multipliers:
        return LineResult(amount, per_unit)
    fitting: list[Multiplier] = []
    missed: list[tuple[str, Why]] = []
    for each, ruled_out in multipliers:
        if ruled_out is not None:
            missed.append((each.key, ruled_out))
        elif fits(each.when.goods, line):
            fitting.append(each)
        else:
            missed.append((each.key, Why.GOODS))
    if rule.terms.stacking is Stacking.BEST and len(fitting) > 1:
        # The first of equals, so that the same line always names the same reason.
        best = max(fitting, key=lambda each: each.factor)
        missed += [(each.key, Why.A_BETTER_ONE) for each in fitting if each is not best]
        fitting = [best]
    factor = factor_of([each.factor for each in fitting], rule.terms.stacking)
    return LineResult(
        amount,
        in_millionths(per_unit * factor),
        tuple(each.key for each in fitting),
        tuple(missed),
    )


def why_nothing(rule: EarningRule, per_unit: Decimal, line: Line) -> Why | None:
    """Return why a line earns nothing on any receipt of this currency, else None."""
    if not line.awards_bonus:
        return Why.TILL_SAYS_NO
    if line.group and rules.group_name(line.group) in rules.GIFT_CARD_GROUPS:
        return Why.GIFT_CARD
    if not rules.earns(awards_bonus=True, article_group=line.group, rule=rule) or (
        rule.terms.excluded and fits(rule.terms.excluded, line)
    ):
        return Why.EXCLUDED
    return None if per_unit else Why.CURRENCY


def why_not_now(when: When, purchase: Purchase, total: Decimal) -> Why | None:
    """Return why a multiplier cannot count on this receipt, whatever the goods."""
    for holds, why in (
        (not when.stores or purchase.store in when.stores, Why.STORE),
        (not when.channels or purchase.channel in when.channels, Why.CHANNEL),
        (_in_period(when, purchase.at.date()), Why.PERIOD),
        (
            not when.weekdays or purchase.at.isoweekday() in when.weekdays,
            Why.WEEKDAY,
        ),
        (_in_hours(when, purchase.at), Why.HOUR),
        (not when.tiers or purchase.tier in when.tiers, Why.TIER),
        (not when.first_purchase or purchase.is_first, Why.NOT_FIRST),
        (_near_birthday(when.birthday, purchase), Why.BIRTHDAY),
        (when.least_total is None or total >= when.least_total, Why.TOTAL),
    ):
        if not holds:
            return why
    return None


def _in_period(when: When, day: date) -> bool:
    return (when.starts_on is None or day >= when.starts_on) and (
        when.ends_on is None or day <= when.ends_on
    )


def _in_hours(when: When, at: datetime) -> bool:
    if when.hours is None:
        return True
    begins, ends = when.hours
    now = at.time()
    # From 22:00 to 02:00 goes over midnight.
    return begins <= now < ends if begins < ends else now >= begins or now < ends


def _near_birthday(asked: Birthday | None, purchase: Purchase) -> bool:
    if asked is None:
        return True
    if purchase.born_on is None:
        return False
    day = purchase.at.date()
    if asked is Birthday.MONTH:
        return purchase.born_on.month == day.month
    if asked is Birthday.DAY:
        return birthday_in(purchase.born_on, day.year) == day
    # The week of the birthday may begin or end in another year.
    return any(
        _monday(birthday_in(purchase.born_on, year)) == _monday(day)
        for year in (day.year - 1, day.year, day.year + 1)
        if 0 < year < date.max.year
    )


def birthday_in(born_on: date, year: int) -> date:
    """Return the birthday in a year; of 29 February the 28th where there is none."""
    try:
        return born_on.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _monday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() - 1)
