"""One member's receipts through one version, in the order of time."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from points import rules as points_rules
from points.programme import engine
from points.programme.engine import Purchase
from purchases.replay.ladder import Climb
from purchases.replay.quick import Earned, Quick
from purchases.replay.reading import Act, Known, Returned
from purchases.replay.sums import Sums, parts
from purchases.replay.wallet import NEVER, Calendar, Moves, Purse, micros, steps_of
from purchases.rules import Club, earning, returns
from purchases.rules.returns import Back, Bought

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where it all happens: the club, and its stores' codes and kinds by inner key."""

    club: Club
    stores: Mapping[int, tuple[str, str]]


@dataclass(slots=True)
class Purchased:
    """A purchase as one version saw it, and what has come back of it so far."""

    at: Purchase
    points: int
    bought: list[Bought]
    # Its money that counts and is not back.
    eligible: Decimal
    back: list[Back] = field(default_factory=list)
    # What returns asked back, also where the policy let some of it go.
    asked: int = 0
    is_gone: bool = False


class Side:
    """One version, over all members of a part."""

    def __init__(self, quick: Quick, setting: Setting, bounds: Sequence[int]) -> None:
        rule = quick.rule
        self.rule = rule
        self.setting = setting
        self.club = setting.club
        # The first moments of the months, and of the one after the last.
        self.bounds = bounds
        self.months = len(bounds) - 1
        self.quick = quick
        self.steps = steps_of(rule)
        self.moves = Moves(self.months)
        self.calendar = Calendar(
            rule,
            lambda at: points_rules.expires_at(at, rule, self.club.zone),
            lambda at: points_rules.active_from(at, rule, self.club.zone),
        )
        self.value = rule.point_value
        self.earning = 0
        self.issued = 0
        self.taken = 0
        self.open = 0
        self.debt = 0
        self.sales = [0] * self.months
        self.back = [0] * self.months**2
        self.tiers: Counter[str] = Counter()
        self.rose = 0
        self.fell = 0

    def month(self, at: int) -> int:
        """Return the number of the month a moment falls in."""
        return min(bisect_right(self.bounds, at), self.months) - 1

    def as_json(self) -> Sums:
        """Return the sums."""
        return {
            "earning": self.earning,
            "issued_points": self.issued,
            "taken_points": self.taken,
            "open": self.open,
            "debt": self.debt,
            "vouchers": self.moves.vouchers,
            "voucher_value": parts(self.moves.voucher_value),
            "issued": self.moves.issued,
            "used": self.moves.used,
            "expired": self.moves.expired,
            "taken": self.moves.taken,
            "sales": self.sales,
            "back": self.back,
            "tiers": dict(self.tiers),
            "rose": self.rose,
            "fell": self.fell,
        }


class Run:
    """One member under one version."""

    def __init__(self, side: Side, known: Known, climb: Climb | None) -> None:
        self._side = side
        self._known = known
        self._purse = Purse(side.rule, side.steps, side.moves, side.bounds)
        self._purchased: dict[int, Purchased] = {}
        self._is_first = not known.has_bought
        self.climb = climb
        self.net = 0
        # Of each receipt: what is left of its points, and the level it was bought on.
        self.nets: dict[int, int] = {}
        self.tiers: dict[int, str] = {}

    def buy(self, act: Act) -> None:
        """Let a purchase earn, and take what came back beside it of who knows what."""
        self._purse.settle(act.micros)
        purchase = self._purchase(act)
        earned = self._side.quick.evaluate(purchase, act.lines)
        eligible = earned.eligible
        if eligible > 0:
            self._is_first = False
        back = None
        if act.returned:
            back = self._side.quick.evaluate(
                purchase, [each.line for each in act.returned]
            )
        if act.has_returns:
            self._purchased[act.receipt] = Purchased(
                purchase, earned.points, _bought(act, earned), eligible
            )
        if eligible and purchase.is_own_currency:
            self._side.sales[self._side.month(act.micros)] += parts(eligible)
        if earned.points:
            self._earn(act, earned.points)
        taken = self._take(act.micros, back.points if back else 0, act.receipt)
        self.nets[act.receipt] = earned.points - taken
        self.net += earned.points - taken
        if self.climb is None:
            return
        if act.lines:
            self._count(purchase, eligible, 1, earned.points)
        if back is not None and back.points:
            self._count(purchase, -back.eligible, 0, -back.points)
        if act.lines:
            self.climb.rise(act.at.date())

    def bring_back(self, act: Act, at: Act | None = None) -> None:
        """Take back what goods gave, at the rates they were bought at.

        `at` is the purchase where the till's clock put the return before it.
        """
        moment = (at or act).micros
        receipt = act.original or 0
        purchased = self._purchased.get(receipt)
        if purchased is None:
            return
        self._purse.settle(moment)
        is_same = act.currency == purchased.at.currency
        purchased.back += [_back(each, is_same=is_same) for each in act.returned]
        kept = returns.kept(purchased.bought, purchased.back)
        left = engine.whole(kept.exact, self._side.rule.terms.rounding)
        asked = max(purchased.points - purchased.asked - left, 0)
        purchased.asked += asked
        taken = self._take(moment, asked, receipt)
        self.net -= taken
        self.nets[receipt] -= taken
        gone = purchased.eligible - kept.eligible
        purchased.eligible = kept.eligible
        if gone and purchased.at.is_own_currency:
            side = self._side
            earned, now = side.month(micros(purchased.at.at)), side.month(moment)
            side.back[earned * side.months + now] += parts(gone)
        if self.climb is not None:
            visits = kept.is_nothing and not purchased.is_gone
            self._count(purchased.at, -gone, -int(visits), -asked)
        purchased.is_gone = kept.is_nothing

    def end(self, last: int, today: date) -> None:
        """Let the time until the replay's end pass."""
        self._purse.settle(last)
        self._side.open += self._purse.open
        self._side.debt += self._purse.debt
        if self.climb is not None:
            self.climb.settle(today)
            self._side.tiers[self.climb.key] += 1
            self._side.rose += self.climb.rose
            self._side.fell += self.climb.fell

    def _purchase(self, act: Act) -> Purchase:
        tier = None
        if self.climb is not None:
            self.climb.settle(act.at.date())
            tier = self.tiers[act.receipt] = self.climb.key
        store, channel = self._side.setting.stores.get(act.store, ("", ""))
        return Purchase(
            at=act.at,
            currency=act.currency,
            is_own_currency=act.currency == self._side.club.currency,
            store=store,
            channel=channel,
            tier=tier,
            is_first=self._is_first,
            born_on=self._known.born_on,
        )

    def _earn(self, act: Act, points: int) -> None:
        side = self._side
        side.earning += 1
        side.issued += points
        expires = side.calendar.expires(act.at)
        is_by_activity = side.calendar.is_by_activity
        self._purse.earn(
            act.micros,
            points=points,
            usable=side.calendar.usable(act.at, act.micros),
            expires=NEVER if is_by_activity else expires,
            receipt=act.receipt,
        )
        if is_by_activity:
            self._purse.stay(expires)

    def _take(self, at: int, asked: int, receipt: int) -> int:
        if not asked:
            return 0
        taken = self._purse.take(at, points=asked, receipt=receipt)
        self._side.taken += taken
        return taken

    def _count(self, at: Purchase, money: Decimal, visits: int, points: int) -> None:
        """Count for the level what a day gained or lost."""
        if self.climb is None:
            return
        spend = earning.in_own_currency(
            money, at.currency, club=self._side.club, rule=self._side.rule
        )
        self.climb.count(at.at.date(), spend=spend, visits=visits, points=points)


def _bought(act: Act, earned: Earned) -> list[Bought]:
    return [
        Bought(
            number=number,
            sku=line[4].sku,
            paid=price,
            quantity=quantity,
            amount=amount if rate else _NOTHING,
            rate=rate,
        )
        for line, (number, quantity, price), amount, rate in zip(
            act.lines, act.counted, earned.amounts, earned.rates, strict=True
        )
    ]


def _back(returned: Returned, *, is_same: bool) -> Back:
    return Back(
        original_number=returned.original_number,
        sku=returned.line[4].sku,
        quantity=abs(returned.quantity),
        paid=returned.price if is_same else None,
    )
