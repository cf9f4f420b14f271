"""Read the source's lines as receipt lines: articles, money, tax and discounts.

A year holds 1.5 million lines of few different values, so that each value is worked
out once.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from common.money import round_money
from loyalty.demo.goods import Label
from loyalty.demo.journey import Line
from purchases.rules import DiscountIn, LineIn, LineKind, TaxIn

NOTHING = Decimal("0.00")
# The stated factor: ten kronor for a dollar of 2017.
KRONOR_PER_DOLLAR = 10
SHELF, COUPON, MATCH = "Veckans pris", "Kupong", "Vi dubblar kupongen"


@cache
def kronor(cents: int) -> Decimal:
    """Return what an amount of the source is in kronor."""
    return round_money(Decimal(cents * KRONOR_PER_DOLLAR) / 100)


@cache
def tax_in(cents: int, percent: Decimal) -> Decimal:
    """Return the tax that an amount includes."""
    return round_money(kronor(cents) * percent / (100 + percent))


@cache
def count(thousandths: int) -> Decimal:
    """Return a quantity."""
    return Decimal(thousandths).scaleb(-3)


@cache
def discounts(shelf: int, coupon: int, match: int) -> tuple[DiscountIn, ...]:
    """Return the discounts of a line: the week's price, a coupon, its doubling."""
    kinds = (
        (shelf, "CAMPAIGN", SHELF),
        (coupon, "COUPON", COUPON),
        (match, "COUPON", MATCH),
    )
    return tuple(
        DiscountIn(kronor(cents), kind, words) for cents, kind, words in kinds if cents
    )


@cache
def amounts(
    thousandths: int, cents: int, percent: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """Return the quantity, what was paid, and the tax in it."""
    return count(thousandths), kronor(cents), tax_in(cents, percent)


class Shelf:
    """Knows the source's articles, and makes receipt lines of them."""

    def __init__(self, articles: Iterable[Label]) -> None:
        self._labels = {
            int(label.sku): (label.sku, label.name, label.group, label.tax_percent)
            for label in articles
        }

    def lines(self, bought: Iterable[Line]) -> tuple[LineIn, ...]:
        """Return the lines of one basket."""
        found = []
        for number, line in enumerate(bought, start=1):
            _basket, article, thousandths, cents, shelf, coupon, match = line
            sku, name, group, percent = self._labels[article]
            quantity, paid, tax = amounts(thousandths, cents, percent)
            found.append(
                LineIn(
                    number,
                    LineKind.PURCHASE,
                    sku,
                    sku,
                    name,
                    group,
                    quantity,
                    paid,
                    tax,
                    percent,
                    True,
                    discounts(shelf, coupon, match) if shelf or coupon or match else (),
                    None,
                )
            )
        return tuple(found)

    def taxes(self, lines: Iterable[LineIn]) -> tuple[TaxIn, ...]:
        """Return the sum of each rate."""
        sums: dict[Decimal, Decimal] = {}
        for line in lines:
            before = sums.get(line.tax_percent, NOTHING)
            sums[line.tax_percent] = before + line.tax_amount
        return tuple(TaxIn(percent, amount) for percent, amount in sums.items())
