"""What becomes of points in a replay: waiting, vouchers, lapsing, returns.

A purse holds the lots of one member under one version. It knows nothing of the ledger
and begins empty; the vouchers are taken as soon as the points for one are there, for
what members will do is not known, and none is withdrawn by a return: what it cannot
take is owed. Times are whole microseconds since 1970, months are
numbered from the replay's first.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from points.rules import EarningRule, worth
from points.terms import ExpiryKind, ReturnPolicy

NEVER = 1 << 62
# A lot: expires, usable from, points left, month of earning, receipt.
_EXPIRES, _FROM, _LEFT, _MONTH, _RECEIPT = range(5)
_Lot = list[int]


def steps_of(rule: EarningRule) -> list[tuple[int, Decimal]]:
    """Return the points and the worth of each voucher step, smallest first."""
    steps = [(step.points, step.value) for step in rule.terms.vouchers.steps]
    return sorted(steps) or [(rule.reward_points, worth(rule.reward_points, rule))]


def vouchers_of(
    points: int, steps: Sequence[tuple[int, Decimal]]
) -> tuple[int, Decimal]:
    """Return how many vouchers points become, and what they are worth together.

    The largest step first, as long as there are points for one.
    """
    number, value = 0, Decimal(0)
    for needed, money in reversed(steps):
        some, points = divmod(max(points, 0), needed)
        number += some
        value += some * money
    return number, value


@dataclass(slots=True)
class Moves:
    """What happened to points, over all members: by month earned and month done."""

    months: int
    issued: list[int] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    expired: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    vouchers: int = 0
    voucher_value: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        self.issued = [0] * self.months
        self.used = [0] * self.months**2
        self.expired = [0] * self.months**2
        self.taken = [0] * self.months**2


class Purse:
    """One member's points under one version, in the order of time."""

    __slots__ = (
        "_bounds",
        "_due",
        "_idle_at",
        "_lots",
        "_moves",
        "_rule",
        "_steps",
        "debt",
        "open",
    )

    def __init__(
        self,
        rule: EarningRule,
        steps: Sequence[tuple[int, Decimal]],
        moves: Moves,
        bounds: Sequence[int],
    ) -> None:
        self._rule = rule
        self._steps = steps
        self._moves = moves
        # The first moment of each month, and of the one after the last.
        self._bounds = bounds
        self._lots: list[_Lot] = []
        self._due = NEVER
        self._idle_at = NEVER
        self.open = 0
        # Points below zero, after returns of what was used.
        self.debt = 0

    def earn(
        self, at: int, *, points: int, usable: int, expires: int, receipt: int
    ) -> None:
        """Add the points of a purchase; a debt is paid with them first."""
        month = self._month(at)
        self._moves.issued[month] += points
        paid = min(self.debt, points)
        if paid:
            self.debt -= paid
            self._count(self._moves.taken, month, month, paid)
            points -= paid
        if points:
            self._lots.append([expires, usable, points, month, receipt])
            # What lapses first is used first; lots nearly always come in that order.
            if len(self._lots) > 1 and self._lots[-2][_EXPIRES] > expires:
                self._lots.sort(key=_by_expiry)
            self.open += points
            self._due = min(self._due, expires, usable if usable > at else NEVER)
        self._convert(at)

    def stay(self, until: int) -> None:
        """Say until when points stay at most, as the member has bought something."""
        self._idle_at = until

    def take(self, at: int, *, points: int, receipt: int) -> int:
        """Take points back as the version's policy says; return how many."""
        policy = self._rule.terms.returns
        month = self._month(at)
        own = [lot for lot in self._lots if lot[_RECEIPT] == receipt]
        if policy is ReturnPolicy.PENDING:
            own = [lot for lot in own if lot[_FROM] > at]
            points = min(points, sum(lot[_LEFT] for lot in own))
        elif policy is ReturnPolicy.BALANCE:
            points = min(points, self.open)
        left = points
        for lot in (*own, *self._lots):
            if not left:
                break
            some = min(left, lot[_LEFT])
            lot[_LEFT] -= some
            left -= some
            self.open -= some
            self._count(self._moves.taken, lot[_MONTH], month, some)
        self._lots = [lot for lot in self._lots if lot[_LEFT]]
        self.debt += left
        return points

    def settle(self, until: int) -> None:
        """Let lapse, and become usable, what is due until a moment, and with it."""
        while (due := min(self._due, self._idle_at)) <= until:
            idle = due == self._idle_at
            if idle:
                self._idle_at = NEVER
            month = self._month(due)
            kept: list[_Lot] = []
            for lot in self._lots:
                if idle or lot[_EXPIRES] <= due:
                    self.open -= lot[_LEFT]
                    self._count(self._moves.expired, lot[_MONTH], month, lot[_LEFT])
                else:
                    kept.append(lot)
            self._lots = kept
            self._due = min(
                (
                    moment
                    for lot in kept
                    for moment in (lot[_EXPIRES], lot[_FROM])
                    if moment > due
                ),
                default=NEVER,
            )
            self._convert(due)

    def _convert(self, at: int) -> None:
        """Take vouchers as long as there are usable points for one."""
        least = self._steps[0][0]
        if self.open < least:
            return
        usable = self.open - sum(lot[_LEFT] for lot in self._lots if lot[_FROM] > at)
        month = self._month(at)
        while usable >= least:
            needed, value = next(
                step for step in reversed(self._steps) if step[0] <= usable
            )
            usable -= needed
            self.open -= needed
            self._moves.vouchers += 1
            self._moves.voucher_value += value
            for lot in self._lots:
                if lot[_FROM] > at:
                    continue
                some = min(needed, lot[_LEFT])
                lot[_LEFT] -= some
                needed -= some
                self._count(self._moves.used, lot[_MONTH], month, some)
                if not needed:
                    break
        self._lots = [lot for lot in self._lots if lot[_LEFT]]

    def _month(self, at: int) -> int:
        return min(bisect_right(self._bounds, at) - 1, self._moves.months - 1)

    def _count(self, what: list[int], earned: int, month: int, points: int) -> None:
        what[earned * self._moves.months + month] += points


def _by_expiry(lot: _Lot) -> int:
    return lot[_EXPIRES]


class Calendar:
    """When points of a moment become usable and lapse by one version."""

    def __init__(
        self,
        rule: EarningRule,
        expiry: Callable[[datetime], datetime | None],
        usable: Callable[[datetime], datetime],
    ) -> None:
        self._expiry = expiry
        self._usable = usable
        self.is_by_activity = rule.terms.expiry is ExpiryKind.INACTIVITY
        self._waits = rule.terms.pending_days > 0
        self._days: dict[int, int] = {}

    def expires(self, at: datetime) -> int:
        """Return when points of a moment lapse: the same for the whole day."""
        day = at.toordinal()
        if day not in self._days:
            moment = self._expiry(at)
            self._days[day] = NEVER if moment is None else micros(moment)
        return self._days[day]

    def usable(self, at: datetime, moment: int) -> int:
        """Return from when points of a moment can be used; given in both forms."""
        return micros(self._usable(at)) if self._waits else moment


def micros(moment: datetime) -> int:
    """Return an aware moment as whole microseconds since 1970."""
    return round(moment.timestamp() * 1_000_000)
