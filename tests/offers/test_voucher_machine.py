"""Vouchers against vouchers on paper, whatever happens in whatever order."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offers.models import Voucher
from offers.vouchers.nightly import run_nightly
from offers.vouchers.validity import CannotUse, refusing
from points import proof
from points.models import Account
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, Till, back, line, rule_with

pytestmark = pytest.mark.django_db
# 100 points are 10 kr, for 30 days.
STEP, VALUE, VALID_DAYS = 100, 10, 30
PIECES = 4


@dataclass
class Paper:
    """A voucher on paper: what is left of it, and until when."""

    ends: int
    worth: Fraction = Fraction(VALUE)
    status: str = "ISSUED"
    was_withdrawn: bool = False


@dataclass
class Sale:
    """What was bought: what it earned, which voucher paid, how much came back."""

    sold: object
    points: int
    paid: Paper | None = None
    value: Fraction = Fraction(0)
    back: int = 0
    given_back: Fraction = Fraction(0)


@dataclass
class Book:
    """What must have become of points and vouchers: the rules, and no more.

    Points are one number, below zero while they are owed. All amounts come out even:
    each sale is of four pieces, and each voucher of ten kronor for a hundred points.
    """

    points: int = 0
    vouchers: list[Paper] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)

    def buy(self, sale: Sale, day: int) -> None:
        self.points += sale.points
        self.sales.append(sale)
        while self.points >= STEP:
            self.points -= STEP
            self.vouchers.append(Paper(day + VALID_DAYS))

    def use(self, voucher: Paper) -> Fraction:
        value, voucher.worth, voucher.status = voucher.worth, Fraction(0), "USED"
        return value

    def bring_back(self, sale: Sale, pieces: int, points: int, day: int) -> None:
        sale.back += pieces
        self.points -= points
        if sale.paid is not None:
            share = sale.value * Fraction(sale.back, PIECES) - sale.given_back
            sale.given_back += share
            self._give_back(sale.paid, share, day)
        self.withdraw(day)

    def _give_back(self, voucher: Paper, share: Fraction, day: int) -> None:
        if voucher.status == "VOID":
            # It was withdrawn: the share is the points that it cost.
            voucher.worth += share
            self.points += int(share * STEP / VALUE)
            return
        voucher.worth = share + (voucher.worth if voucher.status != "LAPSED" else 0)
        voucher.status, voucher.ends = "ISSUED", max(voucher.ends, day + 14)

    def withdraw(self, day: int) -> None:
        for voucher in reversed(self.vouchers):
            if self.points >= 0:
                return
            if voucher.status == "ISSUED" and voucher.worth and voucher.ends >= day:
                voucher.status = "VOID"
                self.points += int(voucher.worth * STEP / VALUE)

    def night(self, day: int) -> None:
        for voucher in self.vouchers:
            if voucher.status == "ISSUED" and voucher.ends < day:
                voucher.status = "LAPSED"


class Shop:
    """Does the same to a member's vouchers and to the paper."""

    def __init__(self, programme):
        rule_with(
            programme,
            steps=[(STEP, Decimal(VALUE))],
            valid_days=VALID_DAYS,
            grace_days=0,
        )
        self.member = MemberFactory(programme=programme)
        self.till = Till(programme)
        self.book = Book()
        self.day = 0

    @property
    def now(self):
        return BOUGHT_AT + timedelta(days=self.day)

    def rows(self):
        return list(Voucher.objects.filter(member=self.member).order_by("pk"))

    def buy(self, points):
        sold = self.till.buy(
            self.member, line("400", quantity=PIECES), points=points, at=self.now
        )
        self.book.buy(Sale(sold, points), self.day)

    def use(self, which):
        if not self.book.vouchers:
            return
        place = which % len(self.book.vouchers)
        paper, row = self.book.vouchers[place], self.rows()[place]
        goods = line("400", quantity=PIECES)
        may = paper.status in {"ISSUED", "LAPSED"} and paper.ends >= self.day
        if may:
            sold = self.till.buy(self.member, goods, vouchers=[row.code], at=self.now)
            value = self.book.use(paper)
            self.book.sales.append(Sale(sold, 0, paper, value))
            return
        with pytest.raises(CannotUse), refusing(), transaction.atomic():
            self.till.buy(self.member, goods, vouchers=[row.code], at=self.now)

    def bring_back(self, which, pieces):
        if not self.book.sales:
            return
        sale = self.book.sales[which % len(self.book.sales)]
        pieces = min(pieces, PIECES - sale.back)
        if not pieces:
            return
        points = sale.points * pieces // PIECES
        self.till.take_back(
            self.member,
            sale.sold,
            back(1, str(100 * pieces), quantity=pieces),
            points=points,
            at=self.now,
        )
        self.book.bring_back(sale, pieces, points, self.day)

    def wait(self, days):
        self.day += days
        run_nightly(now=self.now)
        self.book.night(self.day)

    def check(self):
        rows = self.rows()
        assert [(row.status, row.worth) for row in rows] == [
            (each.status, Decimal(str(float(each.worth))))
            for each in self.book.vouchers
        ]
        account = Account.objects.filter(member=self.member).first()
        assert (account.balance if account else 0) == self.book.points


# Every step of four pieces gives even points and, of ten kronor, even ören.
STEPS = st.one_of(
    st.tuples(st.just("buy"), st.sampled_from([40, 80, 100, 120, 240])),
    st.tuples(st.just("use"), st.integers(0, 9)),
    st.tuples(st.just("bring_back"), st.integers(0, 9), st.integers(1, PIECES)),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 12, 31])),
)


def go(programme, steps):
    with transaction.atomic():
        shop = Shop(programme)
        for name, *values in steps:
            getattr(shop, name)(*values)
            shop.check()
        assert not proof.check().differences
        transaction.set_rollback(True)


class TestWhateverHappens:
    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=st.lists(STEPS, min_size=6, max_size=12))
    def test_vouchers_are_as_on_paper(self, programme, steps):
        go(programme, steps)

    @pytest.mark.soak
    @settings(
        max_examples=1500,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=st.lists(STEPS, min_size=10, max_size=40))
    def test_vouchers_are_as_on_paper_for_long(self, programme, steps):
        go(programme, steps)
