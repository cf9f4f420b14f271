"""The engine for a million lines: what `engine.evaluate` gives, worked out once a kind.

Asks the engine itself, and remembers: whether goods earn and which multipliers fit
them does not hang on the receipt; which multipliers may count, not on the goods.
A test holds every answer to `evaluate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress

from points.programme import engine
from points.programme.engine import Line, Purchase, Why
from points.rules import EarningRule
from points.terms import Discounts, Stacking, Tax

_NOTHING = Decimal(0)
_OERE = Decimal("0.01")


@dataclass(slots=True)
class Goods:
    """All that is alike of lines as far as a rule can ask; `place` numbers it."""

    place: int
    sku: str
    group: str
    category: str
    brand: str
    awards_bonus: bool


# A line: what was paid with VAT after discounts, VAT, discount, percent of VAT, goods.
Sold = tuple[Decimal, Decimal, Decimal, Decimal, Goods]


def less_voucher(line: Sold, by_voucher: Decimal) -> Sold:
    """Return a line that a voucher paid a part of, as the engine takes it."""
    paid, tax, discount, percent, goods = line
    rest = engine.less_voucher(Line(paid=paid, tax=tax, discount=discount), by_voucher)
    return rest.paid, rest.tax, rest.discount, percent, goods


@dataclass(slots=True)
class Earned:
    """What a receipt gives: each line's money and rate, all together, whole points."""

    amounts: list[Decimal]
    rates: list[Decimal]
    exact: Decimal
    points: int

    @property
    def eligible(self) -> Decimal:
        """Return the money that earns, in whole öre."""
        money = sum(compress(self.amounts, self.rates), _NOTHING)
        return money.quantize(_OERE)


class Quick:
    """One version of the programme, asked about many receipts.

    `Goods` with the same `place` must be alike.
    """

    def __init__(self, rule: EarningRule) -> None:
        self.rule = rule
        self._terms = rule.terms
        self._as_paid = (
            rule.terms.tax is Tax.WITH and rule.terms.discounts is Discounts.AFTER
        )
        # By the place of goods: the set of multipliers that fit them, as bits; -1 where
        # they earn nothing whatever the receipt.
        self._fitting: dict[int, int] = {}
        self._rates: dict[tuple[Decimal, int], Decimal] = {}

    def evaluate(self, purchase: Purchase, lines: Sequence[Sold]) -> Earned:
        """Return what the lines of one purchase earn."""
        per_unit = engine.rate_of(self.rule, purchase)
        may = self._may_count(purchase, lines) if per_unit else 0
        fitting = self._fitting
        amounts: list[Decimal] = []
        rates: list[Decimal] = []
        exact = _NOTHING
        for line in lines:
            goods = line[4]
            bits = fitting.get(goods.place)
            if bits is None:
                bits = fitting[goods.place] = self._bits(goods)
            amount = line[0] if self._as_paid else self._amount(line)
            amounts.append(amount)
            if bits < 0 or not per_unit:
                rates.append(_NOTHING)
                continue
            both = bits & may
            rate = self._rate(per_unit, both) if both else per_unit
            rates.append(rate)
            exact += amount * rate
        exact = engine.in_millionths(exact)
        return Earned(amounts, rates, exact, engine.whole(exact, self._terms.rounding))

    def _may_count(self, purchase: Purchase, lines: Sequence[Sold]) -> int:
        """Return the multipliers that nothing about the receipt rules out."""
        multipliers = self._terms.multipliers
        if not multipliers:
            return 0
        total = sum((line[0] for line in lines), _NOTHING)
        bits = 0
        for place, each in enumerate(multipliers):
            if engine.why_not_now(each.when, purchase, total) is None:
                bits |= 1 << place
        return bits

    def _bits(self, goods: Goods) -> int:
        line = Line(
            paid=_NOTHING,
            sku=goods.sku,
            group=goods.group,
            category=goods.category,
            brand=goods.brand,
            awards_bonus=goods.awards_bonus,
        )
        why = engine.why_nothing(self.rule, Decimal(1), line)
        if why not in {None, Why.CURRENCY}:
            return -1
        return sum(
            1 << place
            for place, each in enumerate(self._terms.multipliers)
            if engine.fits(each.when.goods, line)
        )

    def _rate(self, per_unit: Decimal, bits: int) -> Decimal:
        rate = self._rates.get((per_unit, bits))
        if rate is None:
            fitting = [
                each.factor
                for place, each in enumerate(self._terms.multipliers)
                if bits >> place & 1
            ]
            if self._terms.stacking is Stacking.BEST:
                fitting = [max(fitting)]
            factor = engine.factor_of(fitting, self._terms.stacking)
            rate = engine.in_millionths(per_unit * factor)
            self._rates[per_unit, bits] = rate
        return rate

    def _amount(self, line: Sold) -> Decimal:
        paid, tax, discount, percent, _goods = line
        return engine.amount_of(
            Line(paid=paid, tax=tax, discount=discount, tax_percent=percent),
            self._terms,
        )
