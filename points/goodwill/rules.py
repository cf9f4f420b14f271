"""How much goodwill may be given: pure decisions.

An amount is allowed when it is within what one grant may be, within what is left for
the person and for the store, and both for the day and for the month.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from common.periods import local_day

_NOTHING = Decimal(0)
# Of what one grant may be, the shares that the screen offers, rounded to money that
# people say.
_SHARES = (Decimal("0.1"), Decimal("0.25"), Decimal("0.5"), Decimal(1))
_SAID = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250, 300, 400, 500)


class Bound(StrEnum):
    """What an amount is held against."""

    ONE_GRANT = "one_grant"
    PERSON_DAY = "person_day"
    PERSON_MONTH = "person_month"
    STORE_DAY = "store_day"
    STORE_MONTH = "store_month"


# What a manager's own allowance cannot help with: the store's is everybody's.
OF_THE_STORE = frozenset({Bound.STORE_DAY, Bound.STORE_MONTH})


@dataclass(frozen=True, slots=True)
class Person:
    """What one person may give: at once, in a day and in a month."""

    one_grant: Decimal
    per_day: Decimal
    per_month: Decimal


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be given in a store, in the programme's currency."""

    staff: Person
    manager: Person
    store_per_day: Decimal
    store_per_month: Decimal

    def of(self, *, is_manager: bool) -> Person:
        """Return what one person may give."""
        return self.manager if is_manager else self.staff


@dataclass(frozen=True, slots=True)
class Used:
    """What has been given: by a person and in a store, on the day and in the month."""

    person_day: Decimal = _NOTHING
    person_month: Decimal = _NOTHING
    store_day: Decimal = _NOTHING
    store_month: Decimal = _NOTHING


@dataclass(frozen=True, slots=True)
class Window:
    """The day and the month that a moment belongs to, in the club's zone."""

    day: date
    month: date


# For clubs that have set nothing: what a shop gives without asking, in whole units.
_USUAL = Allowance(
    staff=Person(Decimal(100), Decimal(300), Decimal(2000)),
    manager=Person(Decimal(500), Decimal(1000), Decimal(6000)),
    store_per_day=Decimal(1500),
    store_per_month=Decimal(15000),
)
_USUAL_EUR = Allowance(
    staff=Person(Decimal(10), Decimal(30), Decimal(200)),
    manager=Person(Decimal(50), Decimal(100), Decimal(600)),
    store_per_day=Decimal(150),
    store_per_month=Decimal(1500),
)


def usual(currency: str) -> Allowance:
    """Return the allowance of a club that has set none."""
    return _USUAL_EUR if currency == "EUR" else _USUAL


def window_of(at: datetime, zone: ZoneInfo) -> Window:
    """Return the day and month of a moment; each ends where the next one begins."""
    day = local_day(at, zone)
    return Window(day, day.replace(day=1))


def left(person: Person, allowance: Allowance, used: Used) -> Mapping[Bound, Decimal]:
    """Return what is left of each bound, never below zero."""
    return {
        Bound.ONE_GRANT: person.one_grant,
        Bound.PERSON_DAY: max(person.per_day - used.person_day, _NOTHING),
        Bound.PERSON_MONTH: max(person.per_month - used.person_month, _NOTHING),
        Bound.STORE_DAY: max(allowance.store_per_day - used.store_day, _NOTHING),
        Bound.STORE_MONTH: max(allowance.store_per_month - used.store_month, _NOTHING),
    }


def tightest(remaining: Mapping[Bound, Decimal]) -> tuple[Bound, Decimal]:
    """Return the bound that is reached first, and what is left of it.

    Of equals the store's is named, since nobody at the till can help with it.
    """
    return min(
        remaining.items(), key=lambda each: (each[1], each[0] not in OF_THE_STORE)
    )


def refusal(amount: Decimal, remaining: Mapping[Bound, Decimal]) -> Bound | None:
    """Return the bound that an amount would break, or None when it is allowed.

    The store's own come first: where they are broken no manager can help.
    """
    broken = [bound for bound, rest in remaining.items() if amount > rest]
    return min(broken, key=lambda bound: bound not in OF_THE_STORE, default=None)


def points_worth(amount: Decimal, point_value: Decimal) -> int:
    """Return how many points an amount buys, whole and never worth more than it."""
    return int(amount / point_value)


def offered(staff: Person, manager: Person) -> list[Decimal]:
    """Return the amounts that the screen offers, the smallest first.

    Up to what a person may give at once, and then what a manager may approve.
    """
    found = {_said(share * staff.one_grant) for share in _SHARES}
    found |= {
        amount
        for share in _SHARES
        if (amount := _said(share * manager.one_grant)) > staff.one_grant
    }
    return sorted(amount for amount in found if amount > 0)


def _said(amount: Decimal) -> Decimal:
    """Return the largest amount that people say and that is not more than this."""
    return max(_sayable(amount), default=_NOTHING)


def _sayable(amount: Decimal) -> Iterator[Decimal]:
    step = Decimal(1)
    while step <= amount:
        yield from (step * each for each in _SAID if step * each <= amount)
        step *= 100
