"""What a purchase gives, worked out from nothing but the facts of the sentences.

Written without the engine, on purpose otherwise than it: whole fractions instead of
decimals, every reason instead of the first, weeks by the calendar's numbers. Where both
agree on any basket, the sentences say what the engine does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import floor

# What the catalogue and tills call a gift card, letters and digits alone.
GIFT_CARDS = {"giftcard", "giftcards", "presentkort", "gavekort"}
# Rates and sums are kept to a millionth of a point; see decision 0014.
MILLION = 10**6


@dataclass(frozen=True)
class Bought:
    """A line: money in öre, what it is, and whether the till lets it earn."""

    paid: int
    tax: int
    discount: int
    names: Mapping[str, str]
    counts: bool
    tax_percent: int


@dataclass(frozen=True)
class Basket:
    """A purchase: when and where, in which currency, by whom."""

    at: datetime
    currency: str
    store: str
    channel: str
    tier: str | None
    is_first: bool
    born_on: date | None
    lines: Sequence[Bought]


@dataclass(frozen=True)
class Told:
    """What a line gives: its rate, who made it, who did not and for which reasons."""

    rate: Fraction
    money: Fraction
    applied: tuple[str, ...]
    missed: Mapping[str, frozenset[str]]
    why_nothing: frozenset[str]


class Oracle:
    """Answers from sentences alone."""

    def __init__(self, sentences):
        said = {}
        for sentence in sentences:
            said.setdefault(sentence.kind.value, []).append(sentence.facts)
        self.rates = {
            facts["currency"]: Fraction(facts["points"])
            for facts in (*said["earning"], *said.get("currency", ()))
        }
        (self.base,) = said["base"]
        (self.excluded,) = said["exclusions"]
        (rounding,) = said["rounding"]
        self.rounding = rounding["rounding"]
        self.multipliers = said.get("multiplier", [])
        # Without the sentence there are not several that could meet.
        self.stacking = said.get("stacking", [{"stacking": "best"}])[0]["stacking"]

    def points(self, basket):
        """Return the whole points of a basket, and what each line gives."""
        told = [self._line(line, basket) for line in basket.lines]
        exact = kept(sum((each.money * each.rate for each in told), Fraction(0)))
        return self._whole(exact), told

    def _whole(self, exact):
        if exact <= 0:
            return 0
        match self.rounding:
            case "down":
                return floor(exact)
            case "up":
                return -floor(-exact)
        return floor(exact + Fraction(1, 2))

    def _line(self, line, basket):
        money = self._money(line)
        nothing = frozenset(self._why_nothing(line, basket))
        if nothing:
            return Told(Fraction(0), money, (), {}, nothing)
        missed = {}
        fitting = []
        for facts in self.multipliers:
            reasons = frozenset(self._why_not(facts, line, basket))
            if reasons:
                missed[facts["key"]] = reasons
            else:
                fitting.append(facts)
        if self.stacking == "best" and len(fitting) > 1:
            largest = max(facts["times"] for facts in fitting)
            best = next(facts for facts in fitting if facts["times"] == largest)
            for facts in fitting:
                if facts is not best:
                    missed[facts["key"]] = frozenset({"a_better_one"})
            fitting = [best]
        times = [Fraction(facts["times"]) for facts in fitting]
        rate = kept(self.rates[basket.currency] * self._together(times))
        return Told(
            rate, money, tuple(facts["key"] for facts in fitting), missed, nothing
        )

    def _together(self, times):
        if self.stacking == "add":
            return 1 + sum(each - 1 for each in times)
        made = Fraction(1)
        for each in times:
            made *= each
        return made

    def _money(self, line):
        paid = Fraction(line.paid, 100)
        net = paid if self.base["with_tax"] else paid - Fraction(line.tax, 100)
        if self.base["after_discounts"] or not line.discount:
            return net
        before = paid + Fraction(line.discount, 100)
        if self.base["with_tax"]:
            return before
        if line.paid:
            return before * net / paid
        return before / (1 + Fraction(line.tax_percent, 100))

    def _why_nothing(self, line, basket):
        group = plain(line.names.get("groups", ""))
        if not line.counts:
            yield "till_says_no"
        if self.excluded["gift_cards"] and group in GIFT_CARDS:
            yield "gift_card"
        if is_of(self.excluded, line) is True:
            yield "excluded"
        if not self.rates.get(basket.currency):
            yield "currency"

    def _why_not(self, facts, line, basket):
        if is_of(facts, line) is False:
            yield "goods"
        if facts["stores"] and basket.store not in facts["stores"]:
            yield "store"
        if facts["channels"] and basket.channel not in facts["channels"]:
            yield "channel"
        if facts["tiers"] and basket.tier not in facts["tiers"]:
            yield "tier"
        if facts["first_purchase"] and not basket.is_first:
            yield "not_first"
        least = facts["least_total"]
        if least is not None and sum(each.paid for each in basket.lines) < least * 100:
            yield "total"
        yield from self._wrong_time(facts, basket)

    def _wrong_time(self, facts, basket):
        today = basket.at.date()
        if facts["first_day"] and today < facts["first_day"]:
            yield "period"
        if facts["last_day"] and today > facts["last_day"]:
            yield "period"
        if facts["weekdays"] and today.weekday() + 1 not in facts["weekdays"]:
            yield "weekday"
        if facts["hours"] and not is_between(basket.at, *facts["hours"]):
            yield "hour"
        near = facts["birthday"]
        if near and not is_near_birthday(near, basket.born_on, today):
            yield "birthday"


def last_day(facts, bought_on):
    """Return the last day on which points of a purchase can be used; None is never."""
    if facts["expiry"] == "fixed":
        day = after_years(bought_on, facts["years"])
        while (day.month, day.day) != (facts["month"], facts["day"]):
            day += timedelta(days=1)
        return day
    if facts["months"] is None:
        return None
    # The month after the last one, less a day.
    months = bought_on.year * 12 + bought_on.month + facts["months"]
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)


def after_years(day, years):
    """Return the same day some years later; of 29 February the 28th at times."""
    return celebrated(day, day.year + years)


def kept(exact):
    """Round to a millionth, half up."""
    return Fraction(floor(exact * MILLION + Fraction(1, 2)), MILLION)


def plain(name):
    """Write a name as tills mean it: letters and digits alone, whatever the case."""
    return "".join(filter(str.isalnum, name.casefold()))


def is_of(goods, line):
    """Tell whether a line is of some goods; None where no goods are named."""
    kinds = ("groups", "categories", "brands", "articles")
    if not any(goods[kind] for kind in kinds):
        return None
    for kind in kinds:
        name = line.names.get(kind, "")
        same = str if kind == "articles" else plain
        if name and same(name) in {same(each) for each in goods[kind]}:
            return True
    return False


def is_between(at, begins, ends):
    """Tell whether a time of day lies between two hours, the second not included."""

    def seconds(moment: time) -> int:
        return (moment.hour * 60 + moment.minute) * 60 + moment.second

    # How long after the beginning, around the clock.
    day = 24 * 60 * 60
    length = (seconds(ends) - seconds(begins)) % day
    return (seconds(at.time()) - seconds(begins)) % day < length


def is_near_birthday(near, born_on, today):
    """Tell whether a day is the birthday, or in its week or month."""
    if born_on is None:
        return False
    if near == "month":
        return (born_on.month) == today.month
    birthdays = [celebrated(born_on, today.year + more) for more in (-1, 0, 1)]
    if near == "day":
        return today in birthdays
    return today.isocalendar()[:2] in [each.isocalendar()[:2] for each in birthdays]


def celebrated(born_on, year):
    """Return the birthday of a year: without 29 February it is the day before March."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    day = 28 if (born_on.month, born_on.day) == (2, 29) and not leap else born_on.day
    return date(year, born_on.month, day)
