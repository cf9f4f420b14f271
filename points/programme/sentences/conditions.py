"""The conditions of a multiplier in words, and those that no purchase can meet."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from points.programme.sentences.names import SHOP, WEB, Names
from points.programme.sentences.saying import (
    Kind,
    Unsayable,
    clock,
    day,
    days,
    in_a_sentence,
    is_whole_cents,
    plain_amount,
    together,
)
from points.terms import Birthday, Goods, When

_WEEK = frozenset(range(1, 8))
_WEEKEND = (6, 7)
_WORKING = (1, 2, 3, 4, 5)
_EACH_WEEKDAY: dict[int, Callable[[], str]] = {
    1: lambda: _("Mondays"),
    2: lambda: _("Tuesdays"),
    3: lambda: _("Wednesdays"),
    4: lambda: _("Thursdays"),
    5: lambda: _("Fridays"),
    6: lambda: _("Saturdays"),
    7: lambda: _("Sundays"),
}
_MIDNIGHT = time()


class Conditions:
    """The conditions of one multiplier, each as the phrase that a sentence uses.

    Raises, when it is made:
        Unsayable: a name is unknown, or no purchase could meet the conditions.
    """

    def __init__(self, when: When, *, key: str, currency: str, names: Names) -> None:
        """Take a multiplier's conditions; an empty currency means several are used."""
        self.when = when
        self.key = key
        self.currency = currency
        self.names = names
        self._check()

    # WHAT AND WHO

    def goods(self) -> str:
        """Say on which goods: `on coffee and tea`."""
        if not self.when.goods:
            return ""
        named = together(
            goods_named(self.when.goods, self.names, Kind.MULTIPLIER, self.key)
        )
        return _("on %(goods)s") % {"goods": named}

    def first_purchase(self) -> str:
        """Say that it must be the first purchase."""
        return _("on your first purchase") if self.when.first_purchase else ""

    def birthday(self) -> str:
        """Say how near the birthday it must be."""
        match self.when.birthday:
            case Birthday.DAY:
                return _("on your birthday")
            case Birthday.WEEK:
                return _("in the week of your birthday")
            case Birthday.MONTH:
                return _("in the month of your birthday")
        return ""

    def tiers(self) -> str:
        """Say for which levels: `for Gold and Silver`."""
        if not self.when.tiers:
            return ""
        named = [self.names.tier(key) for key in self.when.tiers]
        return _("for %(tiers)s") % {"tiers": together(named)}

    # WHEN AND WHERE

    def weekdays(self) -> str:
        """Say on which days of the week: `at weekends`."""
        asked = tuple(sorted(set(self.when.weekdays)))
        if not asked or set(asked) == _WEEK:
            return ""
        if asked == _WEEKEND:
            return _("at weekends")
        if asked == _WORKING:
            return _("on weekdays")
        if len(asked) > 2 and asked[-1] - asked[0] == len(asked) - 1:
            return _("%(first)s to %(last)s") % {
                "first": WEEKDAYS[asked[0] - 1],
                "last": WEEKDAYS[asked[-1] - 1],
            }
        named = together([_EACH_WEEKDAY[number]() for number in asked])
        return _("on %(days)s") % {"days": named}

    def hours(self) -> str:
        """Say between which hours."""
        if self.when.hours is None:
            return ""
        begins, ends = self.when.hours
        if begins == _MIDNIGHT:
            return _("before %(hour)s") % {"hour": clock(ends)}
        if ends == _MIDNIGHT:
            return _("from %(hour)s until midnight") % {"hour": clock(begins)}
        return _("between %(begins)s and %(ends)s") % {
            "begins": clock(begins),
            "ends": clock(ends),
        }

    def place(self) -> str:
        """Say in which stores, or through which channel."""
        said = []
        if self.when.stores:
            said.append(together(list(self._stores())))
        # Which stores says it already.
        elif set(self.when.channels) == {SHOP}:
            said.append(_("in our stores"))
        elif set(self.when.channels) == {WEB}:
            said.append(_("in our web shop"))
        return " ".join(said)

    def period(self) -> str:
        """Say from which to which day, the last one included."""
        first, last = self.when.starts_on, self.when.ends_on
        if first and last:
            if first == last:
                return _("on %(day)s") % {"day": day(first)}
            return days(first, last)
        if first:
            return _("from %(day)s on") % {"day": day(first)}
        if last:
            return _("until and including %(day)s") % {"day": day(last)}
        return ""

    def least_total(self) -> str:
        """Say how much the purchase must come to."""
        least = self.when.least_total
        if least is None:
            return ""
        if self.currency:
            return _("when you buy for at least %(money)s") % {
                "money": display(least, self.currency)
            }
        return _(
            "when you buy for at least %(amount)s in the currency of the purchase"
        ) % {"amount": plain_amount(least)}

    # TOGETHER

    def who(self) -> list[str]:
        """Return the phrases on what is bought and by whom."""
        return _said(self.goods, self.first_purchase, self.birthday, self.tiers)

    def rest(self) -> list[str]:
        """Return the phrases on when, where and for how much."""
        return _said(
            self.weekdays, self.hours, self.period, self.place, self.least_total
        )

    def all(self) -> list[str]:
        """Return every phrase, in the order of a spoken sentence."""
        return _said(
            self.goods,
            self.first_purchase,
            self.birthday,
            self.weekdays,
            self.hours,
            self.period,
            self.place,
            self.tiers,
            self.least_total,
        )

    def _stores(self) -> Iterator[str]:
        shops: list[str] = []
        web: list[str] = []
        for code in self.when.stores:
            place = self.names.stores[code]
            (web if place.channel == WEB else shops).append(place.name)
        if shops:
            text = ngettext(
                "in the store %(stores)s", "in the stores %(stores)s", len(shops)
            )
            yield text % {"stores": together(shops)}
        if web and self.names.has_one_web_shop:
            yield _("in our web shop")
        elif web:
            text = ngettext(
                "in the web shop %(stores)s", "in the web shops %(stores)s", len(web)
            )
            yield text % {"stores": together(web)}

    # WHAT CANNOT BE

    def _check(self) -> None:
        for fault in self._faults():
            raise Unsayable(fault, Kind.MULTIPLIER, self.key)

    def _faults(self) -> Iterator[str]:
        yield from self._unknown()
        yield from self._never()
        least = self.when.least_total
        if least is not None and least <= 0:
            yield _("The least amount must be more than nothing.")
        if least is not None and not is_whole_cents(least):
            yield _("The least amount has more than two decimals.")

    def _unknown(self) -> Iterator[str]:
        for code in self.when.stores:
            if code not in self.names.stores:
                yield _("There is no store with the code %(code)s.") % {"code": code}
        for key in self.when.tiers:
            if not self.names.tier(key):
                yield _("The ladder has no level %(key)s.") % {"key": key}
        for channel in self.when.channels:
            if channel not in (SHOP, WEB):
                yield _("There is no channel %(channel)s.") % {"channel": channel}
        if not set(self.when.weekdays) <= _WEEK:
            yield _("A week has seven days, from Monday (1) to Sunday (7).")

    def _never(self) -> Iterator[str]:
        when = self.when
        channels = {
            self.names.stores[code].channel
            for code in when.stores
            if code in self.names.stores
        }
        if when.stores and when.channels and not channels & set(when.channels):
            yield _("None of the stores sells through that channel.")
        if when.hours is not None:
            yield from self._wrong_hours(*when.hours)
        first, last = when.starts_on, when.ends_on
        if first and last and first > last:
            yield _("The period ends before it begins.")
        elif first and last and when.weekdays and (last - first).days < 6:
            held = {
                (first + timedelta(days=place)).isoweekday()
                for place in range((last - first).days + 1)
            }
            if not held & set(when.weekdays):
                yield _("None of those days of the week is in the period.")

    def _wrong_hours(self, begins: time, ends: time) -> Iterator[str]:
        if begins == ends:
            yield _("The hours begin and end at the same time.")
        if any(each.second or each.microsecond for each in (begins, ends)):
            yield _("Hours are said in whole minutes.")
        # On "Saturdays between 22 and 02" people mean the night that follows, the till
        # both nights of that date.
        over_midnight = begins > ends > _MIDNIGHT
        by_day = self.when.weekdays and set(self.when.weekdays) != _WEEK
        if over_midnight and (by_day or self.when.birthday is Birthday.DAY):
            yield _(
                "Hours over midnight belong to two days. Make one rule for the evening "
                "and one for the night."
            )


def goods_named(goods: Goods, names: Names, kind: Kind, key: str = "") -> list[str]:
    """Return the names of some goods, each once.

    Raises:
        Unsayable: a name is empty.
    """
    named = [
        *map(in_a_sentence, goods.groups),
        *map(in_a_sentence, goods.categories),
        *goods.brands,
        *(_article(sku, names) for sku in goods.skus),
    ]
    if not all(name.strip() for name in named):
        raise Unsayable(_("Some goods have no name."), kind, key)
    once = {name.casefold(): name for name in reversed(named)}
    return list(reversed(once.values()))


def _article(sku: str, names: Names) -> str:
    if not sku:
        return ""
    return names.articles.get(sku) or _("article %(number)s") % {"number": sku}


def _said(*phrases: Callable[[], str]) -> list[str]:
    return [said for phrase in phrases if (said := phrase())]


def facts_of(when: When, currency: str) -> dict[str, object]:
    """Return the conditions as plain facts."""
    return {
        **goods_facts(when.goods),
        "stores": tuple(when.stores),
        "channels": tuple(when.channels),
        "weekdays": tuple(sorted(set(when.weekdays))),
        "hours": when.hours,
        "tiers": tuple(when.tiers),
        "first_purchase": when.first_purchase,
        "birthday": when.birthday.value if when.birthday else "",
        "first_day": when.starts_on,
        "last_day": when.ends_on,
        "least_total": when.least_total,
        "currency": currency,
    }


def goods_facts(goods: Goods) -> dict[str, object]:
    """Return some goods as plain facts; all empty means all goods."""
    return {
        "groups": tuple(goods.groups),
        "categories": tuple(goods.categories),
        "brands": tuple(goods.brands),
        "articles": tuple(goods.skus),
    }
