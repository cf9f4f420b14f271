"""When a tier is reached, kept and lost: pure decisions, which the database repeats.

The SQL of points/0012 does the same for a million members at once; a test holds it to
this. All days are those of the programme's zone, and both ends of a span count.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from common.periods import add_months
from points.terms import Ladder, Window

_DAY = timedelta(days=1)
_YEAR = 12


class Cause(StrEnum):
    """Why a member has another tier, or the same one for longer."""

    REACHED = "REACHED"
    KEPT = "KEPT"
    LANDED = "LANDED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Span:
    """Some days, the last one included."""

    begins: date
    ends: date

    def __contains__(self, day: date) -> bool:
        """Tell whether a day is one of them."""
        return self.begins <= day <= self.ends


# What a member did in a span, in the ladder's measure.
Counted = Callable[[Span], Decimal]


@dataclass(frozen=True, slots=True)
class Grant:
    """A tier that staff gave: its place in the ladder, and its last day."""

    rank: int
    until: date


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member is in a ladder; the lowest tier is 0 and nobody can lose it.

    `until` is the last day before the level is reviewed.
    """

    rank: int = 0
    until: date | None = None
    grant: Grant | None = None

    @property
    def shown(self) -> int:
        """Return the place of the tier that the member has."""
        return max(self.rank, self.grant.rank) if self.grant else self.rank


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a review decides: the standing after it, and what it was decided by.

    `cause` is None when only what is beneath a grant has changed.
    """

    standing: Standing
    cause: Cause | None
    counted: Decimal
    over: Span


def window_of(window: Window, day: date, joined: date) -> Span:
    """Return the window that a day is in; a rolling one ends on that day."""
    if window is Window.ROLLING:
        return Span(add_months(day + _DAY, -_YEAR), day)
    if window is Window.CALENDAR:
        return Span(date(day.year, 1, 1), date(day.year, 12, 31))
    years = day.year - joined.year
    if day < add_months(joined, years * _YEAR):
        years -= 1
    return Span(
        add_months(joined, years * _YEAR),
        add_months(joined, (years + 1) * _YEAR) - _DAY,
    )


def holds_until(window: Window, day: date, joined: date) -> date:
    """Return the last day of a level that is reached on a day.

    The rest of that day's window and the next one: twelve months where it rolls.
    """
    if window is Window.ROLLING:
        return add_months(day + _DAY, _YEAR) - _DAY
    after = window_of(window, day, joined).ends + _DAY
    return window_of(window, after, joined).ends


def counts_until(day: date) -> date:
    """Return the last day whose rolling window has a day in it."""
    return add_months(day, _YEAR) - _DAY


def window_before(window: Window, day: date, joined: date) -> Span:
    """Return the other window that a level of today can come from.

    What was reached in the year before holds to the end of this one, also when its
    receipts came late. Rolling windows have none: every day has its own.
    """
    span = window_of(window, day, joined)
    if window is Window.ROLLING:
        return span
    return window_of(window, span.begins - _DAY, joined)


def level_for(ladder: Ladder, counted: Decimal) -> int:
    """Return the place of the highest tier that an amount reaches."""
    return max(
        (
            rank
            for rank, tier in enumerate(ladder.tiers)
            if rank == 0 or counted >= tier.needs
        ),
        default=0,
    )


def keeps(ladder: Ladder, rank: int) -> Decimal:
    """Return what must be reached again to stay; never more than to rise."""
    tier = ladder.tiers[rank]
    return tier.needs if tier.keeps is None else min(tier.keeps, tier.needs)


def rise(
    ladder: Ladder,
    standing: Standing,
    *,
    done_on: date,
    day: date,
    joined: date,
    counted: Counted,
) -> Outcome | None:
    """Return the higher tier that something done makes reached; None without one.

    What a till does at once. `done_on` is the day of the purchase: one that comes days
    late counts by the window of its own day as well, if the level would still hold.
    """
    other = window_before(ladder.window, day, joined)
    if ladder.window is Window.ROLLING:
        late = min(done_on, day)
        if holds_until(ladder.window, late, joined) >= day:
            other = window_of(ladder.window, late, joined)
    up = _reached(ladder, day, joined, other, counted)
    if up.standing.rank <= standing.shown:
        return None
    return up


def review(
    ladder: Ladder, standing: Standing, *, day: date, joined: date, counted: Counted
) -> Outcome | None:
    """Return what a night's review changes; None when nothing.

    1. What was reached is had, from the window of today or the one before.
    2. After its last day, a level is kept when enough was done in the window that it
       held for, the grace days included.
    3. After the grace days it goes: one step, or to the level that was earned.
    4. A grant goes on above that until its own last day.
    """
    other = window_before(ladder.window, day, joined)
    up = _reached(ladder, day, joined, other, counted)
    earned = _earned(ladder, standing, up, day, joined, counted)
    grant = standing.grant
    if grant is None:
        return earned
    is_over = day > grant.until
    base = earned.standing if earned else Standing(standing.rank, standing.until)
    if is_over:
        cause = Cause.REACHED if base.rank >= grant.rank else Cause.ENDED
        by = earned or up
        return Outcome(base, cause, by.counted, by.over)
    if earned is None:
        return None
    if base.rank > grant.rank:
        return earned
    beneath = Standing(base.rank, base.until, grant)
    return Outcome(beneath, None, earned.counted, earned.over)


def _reached(
    ladder: Ladder, day: date, joined: date, other: Span, counted: Counted
) -> Outcome:
    """Return the highest level of two windows, of equal ones that of today's."""
    today = window_of(ladder.window, day, joined)
    today = Span(today.begins, min(today.ends, day))
    found: list[Outcome] = []
    for span, within in ((today, day), (other, other.ends)):
        amount = counted(span)
        rank = level_for(ladder, amount)
        until = holds_until(ladder.window, within, joined) if rank else None
        found.append(Outcome(Standing(rank, until), Cause.REACHED, amount, span))
    return max(found, key=lambda outcome: outcome.standing.rank)


def _earned(
    ladder: Ladder,
    standing: Standing,
    up: Outcome,
    day: date,
    joined: date,
    counted: Counted,
) -> Outcome | None:
    """Return what becomes of a level that was earned, grants aside."""
    rank, until = standing.rank, standing.until
    if up.standing.rank > rank:
        return up
    if rank == 0 or until is None or day <= until:
        return None
    grace = until + timedelta(days=ladder.grace_days)
    span = Span(window_of(ladder.window, until, joined).begins, min(day, grace))
    amount = counted(span)
    following = holds_until(ladder.window, until, joined)
    if amount >= keeps(ladder, rank):
        return Outcome(Standing(rank, following), Cause.KEPT, amount, span)
    if up.standing.rank == rank:
        return Outcome(up.standing, Cause.KEPT, amount, span)
    if day <= grace:
        return None
    if ladder.soft_landing:
        lower = rank - 1
    else:
        lower = max(
            (each for each in range(1, rank) if amount >= keeps(ladder, each)),
            default=0,
        )
        lower = max(lower, up.standing.rank)
    return Outcome(
        Standing(lower, following if lower else None), Cause.LANDED, amount, span
    )


def nearest(keys: list[str], key: str, before: list[str]) -> int:
    """Return the place of a tier in another ladder's keys, from the lowest up.

    One that is gone counts as the nearest lower one; `before` are the keys of the
    ladder that it was had by.
    """
    if key in keys:
        return keys.index(key)
    lower = before[: before.index(key)] if key in before else []
    return next((keys.index(each) for each in lower[::-1] if each in keys), 0)
