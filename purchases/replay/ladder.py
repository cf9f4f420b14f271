"""A member's way up and down a ladder in a replay, decided by `points.tiers.rules`.

Nights are looked at only when something can change on them: who neither buys nor
comes to the last day of a level stays where they are.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from points.terms import Ladder, Measure
from points.tiers import rules
from points.tiers.rules import Cause, Grant, Span

_NOTHING = Decimal(0)
_DAY = timedelta(days=1)
# What was done on a day: spend, visits, points, actions.
Day = tuple[date, Decimal, int, int, int]


@dataclass(frozen=True, slots=True)
class Had:
    """The level that a member had before, by name, and the ladder's names then."""

    key: str
    until: date | None
    keys: Sequence[str]
    # The level beneath one that staff gave; empty for one that was reached.
    below_key: str = ""
    below_until: date | None = None


class Climb:
    """Where one member stands on a ladder with at least one tier, day by day."""

    def __init__(self, ladder: Ladder, joined_on: date) -> None:
        self._ladder = ladder
        self._joined_on = joined_on
        self._days: list[date] = []
        self._amounts: dict[date, Decimal] = {}
        # What was counted up to each day; made anew from where a day has changed.
        self._totals: list[Decimal] = []
        # No window's sum is above it.
        self._most = _NOTHING
        self._at = rules.Standing()
        self.rose = 0
        self.fell = 0

    @property
    def rank(self) -> int:
        """Return the tier's place; the lowest is 0."""
        return self._at.shown

    @property
    def key(self) -> str:
        """Return the tier's key."""
        return self._ladder.tiers[self.rank].key

    @property
    def keys(self) -> list[str]:
        """Return the keys of the ladder, from the lowest up."""
        return [tier.key for tier in self._ladder.tiers]

    def begin(self, on: date, days: Iterable[Day], had: Had | None) -> None:
        """Start from what was done before, with the level that was had, if any."""
        for day, spend, visits, points, actions in days:
            self.count(day, spend=spend, visits=visits, points=points, actions=actions)
        if had is not None:
            before = list(had.keys)
            rank = rules.nearest(self.keys, had.key, before)
            if had.below_key and had.until:
                below = rules.nearest(self.keys, had.below_key, before)
                grant = Grant(rank, had.until)
                self._at = rules.Standing(
                    below, had.below_until if below else None, grant
                )
            elif rank:
                self._at = rules.Standing(rank, had.until)
        self.settle(on)
        self._night(on)
        self.rose = self.fell = 0

    def count(
        self, on: date, *, spend: Decimal, visits: int, points: int, actions: int = 0
    ) -> None:
        """Count what was done on a day; negative for what came back of it."""
        measure = self._ladder.measure
        if measure is Measure.SPEND:
            amount = spend
        elif measure is Measure.POINTS:
            amount = Decimal(points)
        elif measure is Measure.VISITS:
            amount = Decimal(visits)
        else:
            amount = Decimal(actions)
        if not amount:
            return
        if amount > 0:
            self._most += amount
        if on in self._amounts:
            self._amounts[on] += amount
        else:
            self._amounts[on] = amount
            insort(self._days, on)
        del self._totals[bisect_left(self._days, on) :]

    def rise(self, today: date) -> None:
        """Rise at once to what is reached, as at the till."""
        above = self._ladder.tiers[self.rank + 1 :]
        if all(self._most < tier.needs for tier in above):
            return
        outcome = rules.rise(
            self._ladder,
            self._at,
            done_on=today,
            day=today,
            joined=self._joined_on,
            counted=self._sum,
        )
        if outcome is not None:
            self._go(outcome)

    def settle(self, today: date) -> None:
        """Decide the reviews of all nights up to a day's."""
        until, grant = self._at.until, self._at.grant
        if grant is None and (until is None or until >= today):
            # Nothing has come to its end.
            if self._ladder.measure is Measure.ACTIONS:
                self._night(today)
            return
        while nights := self._nights(today):
            if not any(self._night(night) for night in nights):
                return
        if self._ladder.measure is Measure.ACTIONS:
            # No receipt says when they were done: the night makes up for it.
            self._night(today)

    def _nights(self, today: date) -> list[date]:
        """Return the nights up to a day's that may change something, in order."""
        grant = self._at.grant
        ends = [
            last
            for last in (self._at.until, grant.until if grant else None)
            if last is not None and last < today
        ]
        if not ends:
            return []
        first = min(ends) + _DAY
        grace = timedelta(days=self._ladder.grace_days)
        nights = {first, today, *(last + _DAY for last in ends)}
        if self._at.until is not None:
            nights.add(self._at.until + grace + _DAY)
        place = bisect_left(self._days, today)
        nights |= {day + _DAY for day in self._days[max(place - 1, 0) : place]}
        return sorted(night for night in nights if first <= night <= today)

    def _night(self, night: date) -> bool:
        outcome = rules.review(
            self._ladder,
            self._at,
            day=night,
            joined=self._joined_on,
            counted=self._sum,
        )
        if outcome is None or outcome.standing == self._at:
            return False
        self._go(outcome)
        return True

    def _go(self, outcome: rules.Outcome) -> None:
        before = self.rank
        self._at = outcome.standing
        if outcome.cause is not Cause.KEPT:
            self.rose += self.rank > before
            self.fell += self.rank < before

    def _sum(self, span: Span) -> Decimal:
        low = bisect_left(self._days, span.begins)
        high = bisect_left(self._days, span.ends + _DAY)
        if low == high:
            return _NOTHING
        totals = self._totals
        total = totals[-1] if totals else _NOTHING
        for day in self._days[len(totals) : high]:
            total += self._amounts[day]
            totals.append(total)
        return totals[high - 1] - (totals[low - 1] if low else _NOTHING)
