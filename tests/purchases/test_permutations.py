"""The same receipts, returns and retries end in the same balances in any order.

Ten thousand orders run through the decisions themselves, in the books of
`tests.purchases.books`; that the database's books are those is tried with orders of
their own, some in every run of the tests and ten thousand in `make soak`. That suffices
for the rest, for what the database adds is that one receipt is recorded after the other
(see test_once), with the very same decisions.
"""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations, permutations

import pytest

from points import proof, reading
from points.models import Account, Activity
from points.terms import (
    Discounts,
    Goods,
    Money,
    Multiplier,
    Rounding,
    Stacking,
    Tax,
    Terms,
    When,
)
from purchases.rules import Shelf
from purchases.services.recording import Request, record_receipt
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.purchases.books import (
    BOUGHT_AT,
    CLUB,
    Books,
    back,
    item,
    receipt,
    version,
)

OLD = datetime(2025, 1, 1, tzinfo=UTC)
CHANGED = BOUGHT_AT + timedelta(days=1)
SHELF = Shelf(articles={"K1": ("Kaffe", "Zoégas"), "K2": ("Kaffe", "Gevalia")})
FIRST = Terms(
    rounding=Rounding.NEAREST,
    stacking=Stacking.MULTIPLY,
    multipliers=(
        Multiplier("coffee", Decimal(2), When(goods=Goods(categories=("kaffe",)))),
        Multiplier("brand", Decimal("1.25"), When(goods=Goods(brands=("Zoégas",)))),
        Multiplier("saturday", Decimal("1.5"), When(weekdays=(6,))),
    ),
    currencies={"DKK": Money(Decimal("1.5"), Decimal("0.07"))},
)
SECOND = Terms(
    tax=Tax.WITHOUT,
    discounts=Discounts.BEFORE,
    rounding=Rounding.UP,
    multipliers=(Multiplier("all", Decimal(3)),),
)
VERSIONS = (
    (OLD, version(FIRST, id=1)),
    (CHANGED, version(SECOND, id=2, points_per_unit=Decimal("0.7"))),
)


def story(chance):
    """Two purchases by two versions, an exchange, and returns of all sorts."""
    first = receipt(
        item("59.90", sku="K1"),
        item("42.35", sku="K2"),
        item("19.95", sku="S1"),
        item("100.00", sku="G1", group="Presentkort"),
        item("19.95", sku="S1", awards_bonus=False),
    )
    later = CHANGED + timedelta(days=chance.randint(0, 9), hours=3)
    second = receipt(
        item("80.00", sku="K1", discount="20.00"),
        item("0.00", sku="S2", discount="49.90"),
        item("33.33", sku="S3"),
        at=later,
    )
    danish = receipt(item("99.95", sku="K1"), currency="DKK")
    returns = [
        receipt(back("59.90", sku="K1", original_number=1), original=first, at=later),
        receipt(back("42.35", sku="K2"), original=first, at=later),
        receipt(back("10.00", sku="K2"), original=first, at=later),
        receipt(back("19.95", sku="S1", original_number=3), original=first),
        # The till knows neither the line nor the article.
        receipt(back("30.00", sku="?"), original=first, at=later),
        # An exchange: one goes back, another is bought.
        receipt(
            back("80.00", sku="K1", original_number=1),
            item("120.00", sku="K2"),
            original=second,
            at=later,
        ),
        receipt(back("0.00", sku="S2", original_number=2), original=second, at=later),
        receipt(back("33.33", sku="S3"), original=second, at=later),
        # Bought in Copenhagen, given back in Malmö: the piece counts.
        receipt(back("150.00", sku="K1"), original=danish, at=later),
        receipt(back("25.00", sku="S9"), at=later),
    ]
    chosen = chance.sample(returns, chance.randint(3, 5))
    stream = [first, second, danish, *chosen]
    return stream + chance.sample(stream, 2)


def ends(stream):
    books = Books(*VERSIONS, shelf=SHELF)
    for each in stream:
        books.send(each)
    assert not books.waiting
    return (
        dict(books.balances),
        {key: value for key, value in books.days.items() if value},
    )


class TestTenThousandOrders:
    @pytest.mark.parametrize("seed", range(10))
    def test_end_in_the_same_balances(self, seed):
        chance = random.Random(seed)
        for _story in range(10):
            stream = story(chance)
            expected = ends(stream)
            for _order in range(100):
                assert ends(chance.sample(stream, len(stream))) == expected

    def test_keep_what_the_goods_that_are_kept_would_have_earned_alone(self):
        lines = [
            item("59.90", sku="K1"),
            item("42.35", sku="K2"),
            item("19.95", sku="S1"),
            item("0.55", sku="S2"),
        ]
        bought = receipt(*lines)
        for size in range(len(lines) + 1):
            for gone in combinations(range(len(lines)), size):
                kept = [line for at, line in enumerate(lines) if at not in gone]
                alone = Books(*VERSIONS, shelf=SHELF)
                if kept:
                    alone.send(receipt(*kept))
                for order in permutations(gone):
                    books = Books(*VERSIONS, shelf=SHELF)
                    books.send(bought)
                    for days, place in enumerate(order):
                        line = lines[place]
                        books.send(
                            receipt(
                                back(line.gross_paid, sku=line.sku),
                                original=bought,
                                at=BOUGHT_AT + timedelta(days=2 * days),
                            )
                        )
                    assert books.balances[1] == alone.balances[1]


@pytest.mark.django_db
class TestOrdersInTheDatabase:
    def test_end_as_in_the_books(self, programme, shop):
        self.try_orders(programme, random.Random(7), stories=3, orders=3)

    @pytest.mark.soak
    def test_end_as_in_the_books_ten_thousand_times(self, programme, shop):
        self.try_orders(programme, random.Random(11), stories=200, orders=50)

    def try_orders(self, programme, chance, *, stories, orders):
        publish(programme)
        club = replace(CLUB, programme_id=programme.pk)
        for _story in range(stories):
            stream = story(chance)
            balances, days = ends(stream)
            for order in range(orders):
                member = MemberFactory(programme=programme)
                for number, each in enumerate(chance.sample(stream, len(stream))):
                    record(club, member, each, suffix=f"{member.pk}", call=number)
                assert Account.objects.get(member=member).balance == balances[1], order
                assert self.days_of(member) == {
                    (day, kind): value for (_who, day, kind), value in days.items()
                }
        assert not proof.check().differences

    def days_of(self, member):
        return {
            (day.on, kind): value
            for day in Activity.objects.filter(member=member)
            for kind, value in (
                ("spend", day.spend),
                ("visits", day.visits),
                ("points", day.points),
            )
            if value
        }


def publish(programme):
    for starts_at, rule in VERSIONS:
        EarningRuleFactory(
            programme=programme,
            published=True,
            starts_at=starts_at,
            points_per_unit=rule.points_per_unit,
            terms=reading.dump(rule.terms),
        )
    for sku, (category, brand) in SHELF.articles.items():
        programme.products.create(sku=sku, name=sku, category=category, brand=brand)


def record(club, member, sent, *, suffix, call):
    """Send a receipt of a story under ids of its own, as this member's."""
    original = sent.original_unique_id
    unique_id = f"{sent.unique_receipt_id}-{suffix}"
    record_receipt(
        club=club,
        receipt=replace(
            sent,
            unique_receipt_id=unique_id,
            contact=replace(sent.contact, value=member.phone),
            original_unique_id=f"{original}-{suffix}" if original else "",
        ),
        request=Request("test", f"{unique_id}-{call}", b"x" * 32),
        now=CHANGED + timedelta(days=30),
    )
