"""The quick way through many receipts gives what the engine gives."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from points.programme import engine
from points.programme.engine import Line, Purchase
from points.rules import EarningRule
from points.terms import (
    Birthday,
    Discounts,
    Money,
    Multiplier,
    Rounding,
    Stacking,
    Tax,
    Terms,
    When,
)
from points.terms import (
    Goods as Named,
)
from purchases.replay.quick import Goods, Quick

GROUPS = ("", "Kaffe", "Gift card", "Bok", "Kläder")
SKUS = ("1", "2", "3")
KINDS = ("", "Drycker")
BRANDS = ("", "Löfbergs")
SHELF = [
    Goods(place, sku, group, category, brand, awards)
    for place, (sku, group, category, brand, awards) in enumerate(
        (sku, group, category, brand, awards)
        for sku in SKUS
        for group in GROUPS
        for category in KINDS
        for brand in BRANDS
        for awards in (True, False)
    )
]

money = st.decimals("0", "2000", places=2)
factors = st.sampled_from([Decimal(each) for each in ("1.5", "2", "3", "0.333333")])
named = st.builds(
    Named,
    groups=st.sampled_from([(), ("kaffe",), ("Bok", "KLÄDER")]),
    categories=st.sampled_from([(), ("drycker",)]),
    brands=st.sampled_from([(), ("Löfbergs",)]),
    skus=st.sampled_from([(), ("1",), ("2", "3")]),
)
whens = st.builds(
    When,
    goods=named,
    stores=st.sampled_from([(), ("101",)]),
    channels=st.sampled_from([(), ("WEB",)]),
    weekdays=st.sampled_from([(), (6, 7)]),
    hours=st.sampled_from([None, (time(22), time(2)), (time(9), time(12))]),
    tiers=st.sampled_from([(), ("gold",)]),
    first_purchase=st.booleans(),
    birthday=st.sampled_from([None, *Birthday]),
    starts_on=st.sampled_from([None, date(2026, 3, 14)]),
    ends_on=st.sampled_from([None, date(2026, 3, 20)]),
    least_total=st.sampled_from([None, Decimal(500)]),
)
terms = st.builds(
    Terms,
    tax=st.sampled_from(Tax),
    discounts=st.sampled_from(Discounts),
    excluded=st.one_of(st.just(Named()), named),
    rounding=st.sampled_from(Rounding),
    stacking=st.sampled_from(Stacking),
    multipliers=st.lists(
        st.builds(Multiplier, st.uuids().map(str), factors, whens), max_size=4
    ).map(tuple),
    currencies=st.sampled_from([{}, {"DKK": Money(Decimal("1.5"), Decimal("0.08"))}]),
)
versions = st.builds(
    EarningRule,
    id=st.just(1),
    version=st.just(1),
    points_per_unit=st.sampled_from([Decimal(1), Decimal("0.3333"), Decimal("1.5")]),
    excluded_groups=st.sampled_from([frozenset(), frozenset({"bok"})]),
    expires_after_months=st.just(24),
    point_value=st.just(Decimal("0.10")),
    reward_points=st.just(500),
    terms=terms,
)
purchases = st.builds(
    Purchase,
    at=st.integers(0, 14 * 24 * 60).map(
        lambda minutes: datetime(2026, 3, 10, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    currency=st.just("SEK"),
    store=st.sampled_from(["101", "102"]),
    channel=st.sampled_from(["SHOP", "WEB"]),
    tier=st.sampled_from([None, "gold"]),
    is_first=st.booleans(),
    born_on=st.sampled_from([None, date(1980, 3, 14), date(1992, 2, 29)]),
)
foreign = st.builds(
    Purchase,
    at=st.just(datetime(2026, 3, 14, tzinfo=UTC)),
    currency=st.sampled_from(["DKK", "NOK"]),
    is_own_currency=st.just(False),
)
percents = st.sampled_from([Decimal(25), Decimal(12), Decimal(0)])
sold = st.tuples(money, money, money, percents, st.sampled_from(SHELF))


def as_line(line):
    paid, tax, discount, percent, goods = line
    return Line(
        paid=paid,
        tax=tax,
        discount=discount,
        tax_percent=percent,
        sku=goods.sku,
        group=goods.group,
        category=goods.category,
        brand=goods.brand,
        awards_bonus=goods.awards_bonus,
    )


class TestQuick:
    @settings(max_examples=50)
    @given(
        versions,
        st.lists(
            st.tuples(
                st.one_of(purchases, foreign), st.lists(sold, min_size=1, max_size=5)
            ),
            min_size=1,
            max_size=4,
        ),
    )
    def test_gives_what_the_engine_gives(self, rule, baskets):
        quick = Quick(rule)

        for purchase, lines in baskets:
            expected = engine.evaluate(rule, purchase, list(map(as_line, lines)))
            found = quick.evaluate(purchase, lines)

            assert found.points == expected.points
            assert found.exact == expected.exact
            assert found.rates == [each.rate for each in expected.lines]
            assert found.amounts == [each.amount for each in expected.lines]
            assert found.eligible == expected.eligible.quantize(Decimal("0.01"))

    def test_remembers_goods_and_not_the_hour(self):
        """What is learnt of one receipt says nothing of the next one's moment."""
        happy_hour = Multiplier("m", Decimal(2), When(hours=(time(9), time(12))))
        rule = EarningRule(
            1, 1, Decimal(1), frozenset(), 24, Decimal("0.10"), 500,
            Terms(multipliers=(happy_hour,)),
        )  # fmt: skip
        quick = Quick(rule)
        line = (Decimal(100), Decimal(20), Decimal(0), Decimal(25), SHELF[0])
        at = datetime(2026, 3, 14, 11, 59, tzinfo=UTC)

        points = [
            quick.evaluate(Purchase(at=moment, currency="SEK"), [line]).points
            for moment in (at, at + timedelta(minutes=1), at)
        ]

        assert points == [200, 100, 200]
