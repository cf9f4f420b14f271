"""What is wrong with a version, each thing at its place; pure: `Facts` are given.

The form of the terms is checked by reading them; here is what no form can forbid:
periods that are empty, tiers that do not exist, points that give back everything.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from common.periods import add_months, local_day, start_of_day
from points import rules, words
from points.programme import benefit_checks
from points.programme.faults import Facts, Fault
from points.programme.goods import named_in
from points.rules import EarningRule
from points.terms import (
    Action,
    ExpiryKind,
    Goods,
    Multiplier,
    Per,
    ReturnPolicy,
    Stacking,
    When,
)

# A wrong decimal point would be expensive.
MOST_POINTS_PER_UNIT = Decimal(100)
MOST_FACTOR = Decimal(20)
MOST_MULTIPLIERS = 30
MOST_ACTIONS = 30
MOST_ACTION_POINTS = 100_000
MOST_TIMES = 100
LONGEST_WAIT_DAYS = 365
LONGEST_EXPIRY_MONTHS = 120
LONGEST_EXPIRY_YEARS = 10
LONGEST_KEY = 40
LONGEST_EVENT = 48
CURRENCIES = ("SEK", "DKK", "NOK", "EUR", "ISK")

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CUSTOM = re.compile(r"custom\.[a-z0-9]+([._-][a-z0-9]+)*")
# Of months without a leap day; a day that most years lack would lapse on no day.
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ONE = Decimal(1)
# The calendar is the same in every zone.
_UTC = ZoneInfo("UTC")


def check(rule: EarningRule, facts: Facts) -> list[Fault]:
    """Return everything that is wrong with a version, in the order of its form."""
    return [
        *_earning(rule),
        *_excluded(rule, facts),
        *_multipliers(rule, facts),
        *_actions(rule, facts),
        *_waiting(rule),
        *_expiry(rule),
        *_usable(rule),
        *benefit_checks.vouchers(rule, facts),
        *benefit_checks.ladder(rule, facts),
        *_currencies(rule, facts),
    ]


def is_key(text: str) -> bool:
    """Tell whether something can be the key of a part of a version."""
    return len(text) <= LONGEST_KEY and _KEY.fullmatch(text) is not None


def is_custom(event: str) -> bool:
    """Tell whether something can be an event that another system reports."""
    return len(event) <= LONGEST_EVENT and _CUSTOM.fullmatch(event) is not None


def _earning(rule: EarningRule) -> Iterator[Fault]:
    rate, value = rule.points_per_unit, rule.point_value
    if rate <= 0:
        yield Fault("/points_per_unit", _("A purchase must give more than 0 points."))
    elif rate > MOST_POINTS_PER_UNIT:
        yield Fault(
            "/points_per_unit",
            _("At most %(n)s points for one unit of currency.")
            % {"n": words.number(MOST_POINTS_PER_UNIT)},
        )
    if value <= 0:
        yield Fault("/point_value", _("A point must be worth more than nothing."))
    elif rate * value >= _ONE:
        yield Fault(
            "/point_value",
            _("So much would be given back that every purchase is free: %(n)s %%.")
            % {"n": words.number(rate * value * 100)},
        )


def _excluded(rule: EarningRule, facts: Facts) -> Iterator[Fault]:
    yield from _goods(rule.terms.excluded, "/excluded", facts)


def _multipliers(rule: EarningRule, facts: Facts) -> Iterator[Fault]:
    found = rule.terms.multipliers
    if len(found) > MOST_MULTIPLIERS:
        yield Fault(
            "/multipliers",
            _("At most %(n)s multipliers; nobody can remember more.")
            % {"n": MOST_MULTIPLIERS},
        )
    yield from _keys([each.key for each in found], "/multipliers")
    for place, each in enumerate(found):
        at = f"/multipliers/{place}"
        yield from _factor(each, at)
        yield from _when(each.when, rule, at + "/when", facts)
    yield from _most_back(rule)


def _factor(each: Multiplier, at: str) -> Iterator[Fault]:
    if not 0 < each.factor <= MOST_FACTOR:
        yield Fault(
            f"{at}/factor",
            _("A factor is more than 0 and at most %(n)s.")
            % {"n": words.number(MOST_FACTOR)},
        )
    elif each.factor == _ONE:
        yield Fault(f"{at}/factor", _("One time the points changes nothing."))
    if each.when == When():
        yield Fault(
            at,
            _("It always counts. Give more points for each krona instead."),
            is_warning=True,
        )


def _when(when: When, rule: EarningRule, at: str, facts: Facts) -> Iterator[Fault]:
    yield from _goods(when.goods, f"{at}/goods", facts)
    for code in when.stores:
        if code not in facts.stores:
            yield Fault(
                f"{at}/stores", _("There is no store %(code)s.") % {"code": code}
            )
    for channel in when.channels:
        if channel not in facts.channels:
            yield Fault(
                f"{at}/channels",
                _("There is no channel %(code)s.") % {"code": channel},
            )
    yield from _days_and_hours(when, at)
    yield from _tiers_of(when, rule, at)
    yield from _period(when, at, facts)
    if when.least_total is not None and when.least_total <= 0:
        yield Fault(f"{at}/least_total", _("The least total must be more than 0."))


def _days_and_hours(when: When, at: str) -> Iterator[Fault]:
    if any(not 1 <= day <= 7 for day in when.weekdays):
        yield Fault(f"{at}/weekdays", _("A week has the days 1 to 7."))
    elif len(set(when.weekdays)) != len(when.weekdays):
        yield Fault(f"{at}/weekdays", _("A day is named twice."))
    if when.hours is not None and when.hours[0] == when.hours[1]:
        yield Fault(
            f"{at}/hours", _("It begins and ends at the same time, so it never is.")
        )


def _tiers_of(when: When, rule: EarningRule, at: str) -> Iterator[Fault]:
    ladder = rule.terms.ladder
    if not when.tiers:
        return
    if ladder is None or not ladder.tiers:
        yield Fault(f"{at}/tiers", _("The version has no tiers."))
        return
    known = {tier.key for tier in ladder.tiers}
    for key in when.tiers:
        if key not in known:
            yield Fault(f"{at}/tiers", _("There is no tier %(key)s.") % {"key": key})


def _period(when: When, at: str, facts: Facts) -> Iterator[Fault]:
    if when.starts_on and when.ends_on and when.ends_on < when.starts_on:
        yield Fault(f"{at}/ends_on", _("It ends before it begins."))
    elif when.ends_on and facts.starts_on and when.ends_on < facts.starts_on:
        yield Fault(
            f"{at}/ends_on",
            _("It is over before the version starts, so it never counts."),
            is_warning=True,
        )


def _goods(goods: Goods, at: str, facts: Facts) -> Iterator[Fault]:
    for each in named_in(goods):
        if each in facts.unknown_goods:
            yield Fault(
                at,
                _("The catalogue has nothing called %(name)s.") % {"name": each.name},
                is_warning=True,
            )


def _most_back(rule: EarningRule) -> Iterator[Fault]:
    """Warn when a purchase could give back all that it cost."""
    factors = [each.factor for each in rule.terms.multipliers if each.factor > _ONE]
    if not factors:
        return
    match rule.terms.stacking:
        case Stacking.BEST:
            most = max(factors)
        case Stacking.ADD:
            most = _ONE + sum((each - _ONE for each in factors), Decimal(0))
        case Stacking.MULTIPLY:
            most = reduce(lambda one, other: one * other, factors, _ONE)
    back = rule.points_per_unit * rule.point_value * most
    if back >= _ONE:
        yield Fault(
            "/stacking",
            _(
                "Where all multipliers meet, the points are %(n)s times as many and "
                "worth more than the goods cost."
            )
            % {"n": words.number(most)},
            is_warning=True,
        )


def _actions(rule: EarningRule, facts: Facts) -> Iterator[Fault]:
    found = rule.terms.actions
    if len(found) > MOST_ACTIONS:
        yield Fault("/actions", _("At most %(n)s actions.") % {"n": MOST_ACTIONS})
    yield from _keys([each.key for each in found], "/actions")
    seen = set()
    for place, each in enumerate(found):
        at = f"/actions/{place}"
        if each.event in seen:
            yield Fault(f"{at}/event", _("The same action gives points already."))
        seen.add(each.event)
        if each.event not in facts.events and not is_custom(each.event):
            yield Fault(
                f"{at}/event",
                _("Choose an action of the list, or custom. and a name."),
            )
        if not 0 < each.points <= MOST_ACTION_POINTS:
            yield Fault(
                f"{at}/points",
                _("Between 1 and %(n)s points.")
                % {"n": words.number(MOST_ACTION_POINTS)},
            )
        yield from _times(each, at)


def _times(each: Action, at: str) -> Iterator[Fault]:
    if each.per in {Per.ONCE, Per.EACH}:
        if each.times != 1:
            yield Fault(
                f"{at}/times", _("How often is only said for a day, week, month, year.")
            )
    elif not 1 <= each.times <= MOST_TIMES:
        yield Fault(f"{at}/times", _("Between 1 and %(n)s times.") % {"n": MOST_TIMES})


def _waiting(rule: EarningRule) -> Iterator[Fault]:
    terms = rule.terms
    if not 0 <= terms.pending_days <= LONGEST_WAIT_DAYS:
        yield Fault(
            "/pending_days",
            _("Points wait %(n)s days at most.") % {"n": LONGEST_WAIT_DAYS},
        )
    if terms.returns is ReturnPolicy.PENDING and terms.pending_days == 0:
        # Buying and bringing back would make points out of nothing.
        yield Fault(
            "/returns",
            _(
                "Points never wait, so a return would take nothing back. Let points "
                "wait, or let returns take them."
            ),
        )


def _expiry(rule: EarningRule) -> Iterator[Fault]:
    terms, months = rule.terms, rule.expires_after_months
    if terms.expiry is ExpiryKind.FIXED:
        month, day = terms.expiry_day
        if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1]:
            yield Fault("/expiry_day", _("No such day is in every year."))
        if not 0 <= terms.expiry_years <= LONGEST_EXPIRY_YEARS:
            yield Fault(
                "/expiry_years",
                _("Between 0 and %(n)s years.") % {"n": LONGEST_EXPIRY_YEARS},
            )
        return
    if months is None:
        if terms.expiry is ExpiryKind.INACTIVITY:
            yield Fault(
                "/expires_after_months",
                _("Say after how many months without a purchase."),
            )
    elif not 1 <= months <= LONGEST_EXPIRY_MONTHS:
        yield Fault(
            "/expires_after_months",
            _("Between 1 and %(n)s months.") % {"n": LONGEST_EXPIRY_MONTHS},
        )


def _usable(rule: EarningRule) -> Iterator[Fault]:
    """Points that lapse before they can be used are none."""
    if not rule.terms.pending_days or any(_waiting(rule)) or any(_expiry(rule)):
        return
    lives = [life for day in _short_days(rule) if (life := _life(rule, day))]
    if not lives or rule.terms.pending_days < min(lives):
        return
    text = ngettext(
        "What is bought on some days lapses after %(n)s day, before it can be used. "
        "Let points wait for fewer days, or lapse later.",
        "What is bought on some days lapses after %(n)s days, before it can be used. "
        "Let points wait for fewer days, or lapse later.",
        min(lives),
    )
    yield Fault("/pending_days", text % {"n": words.number(min(lives))})


def _short_days(rule: EarningRule) -> Iterator[date]:
    """Yield the days of four years on which the points of a purchase last shortest."""
    first = date(2024, 1, 1)
    for months in range(48):
        yield add_months(first, months + 1) - timedelta(days=1)
    if rule.terms.expiry is ExpiryKind.FIXED:
        month, day = rule.terms.expiry_day
        yield from (date(first.year + years, month, day) for years in range(4))


def _life(rule: EarningRule, day: date) -> int | None:
    """Return how many days what is bought on a day lasts; None for ever."""
    ends = rules.expires_at(start_of_day(day, _UTC), rule, _UTC)
    return (local_day(ends, _UTC) - day).days if ends else None


def _currencies(rule: EarningRule, facts: Facts) -> Iterator[Fault]:
    for code, money in rule.terms.currencies.items():
        at = f"/currencies/{code}"
        if code == facts.currency:
            yield Fault(at, _("This is the club's own currency."))
        elif code not in CURRENCIES:
            yield Fault(at, _("There is no currency %(code)s.") % {"code": code})
        if not 0 < money.points_per_unit <= MOST_POINTS_PER_UNIT:
            yield Fault(
                f"{at}/points_per_unit",
                _("More than 0 and at most %(n)s points.")
                % {"n": words.number(MOST_POINTS_PER_UNIT)},
            )
        if money.point_value <= 0:
            yield Fault(
                f"{at}/point_value", _("A point must be worth more than nothing.")
            )
        elif money.points_per_unit * money.point_value >= _ONE:
            yield Fault(
                f"{at}/point_value",
                _("%(points)s worth %(money)s would give back the whole purchase.")
                % {
                    "points": words.number(money.points_per_unit),
                    "money": display(money.point_value, code),
                },
            )


def _keys(keys: Sequence[str], at: str) -> Iterator[Fault]:
    seen = set()
    for place, key in enumerate(keys):
        if not is_key(key):
            yield Fault(
                f"{at}/{place}/key",
                _("Small letters, digits and hyphens, %(n)s at most.")
                % {"n": LONGEST_KEY},
            )
        elif key in seen:
            yield Fault(f"{at}/{place}/key", _("The name is used twice."))
        seen.add(key)
