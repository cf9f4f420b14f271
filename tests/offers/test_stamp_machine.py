"""Stamp cards against a card on paper, whatever happens in whatever order."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.merging import UNDO_WITHIN, merge_members, undo_merge
from offers.models import MemberCard, Stamp, Voucher
from offers.vouchers.nightly import run_nightly
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, Till, back, coffee, stamp_card
from tests.offers.stamp_model import Paper, Purchase

pytestmark = pytest.mark.django_db
NEEDED, VALID_DAYS = 4, 10


def moment(day):
    return BOUGHT_AT + timedelta(days=day)


class Shop:
    """Does the same to two members' cards and to their papers."""

    def __init__(self, programme, staff):
        self.card = stamp_card(
            programme,
            staff,
            needed=NEEDED,
            valid_days=VALID_DAYS,
            reward_valid_days=4000,
            reward_grace_days=0,
        )
        self.till = Till(programme)
        self.staff = staff
        self.members = [MemberFactory(programme=programme) for _each in range(2)]
        self.papers = [Paper(NEEDED, VALID_DAYS) for _each in range(2)]
        # Up to when each card is worked out.
        self.until = [0, 0]
        self.bought = []
        self.merge = None
        self.day = 0

    def whose(self, who):
        """Return whose card it is now: of both when they are one."""
        return 0 if self.merge else who

    def buy(self, who, number, late):
        day = max(self.day - late, 0)
        sold = self.till.buy(
            self.members[self.whose(who)],
            coffee(number),
            at=moment(day),
            now=moment(self.day),
        )
        purchase = Purchase(day, len(self.bought), number)
        self.bought.append((self.whose(who), sold, purchase))
        paper = self.papers[self.whose(who)]
        paper.purchases.append(purchase)
        self.settled(who, day)

    def bring_back(self, which, number):
        if not self.bought:
            return
        owner, sold, purchase = self.bought[which % len(self.bought)]
        number = min(number, purchase.left)
        if not number:
            return
        whose = self.whose(owner)
        self.till.take_back(
            self.members[whose],
            sold,
            back(1, quantity=number),
            at=moment(self.day),
        )
        purchase.left -= number
        self.settled(owner, self.day)

    def use(self, who):
        whose = self.whose(who)
        voucher = (
            Voucher.objects.filter(member=self.members[whose], status="ISSUED")
            .order_by("pk")
            .first()
        )
        if voucher is None:
            return
        self.till.buy(
            self.members[whose],
            coffee(1, "0"),
            vouchers=[voucher.code],
            at=moment(self.day),
        )
        brought = {sold.id: purchase.day for _who, sold, purchase in self.bought}
        issued = (voucher.issued_at - BOUGHT_AT).days
        self.papers[whose].used.append(brought.get(voucher.caused_by, issued))

    def night(self):
        run_nightly(now=moment(self.day))
        # What no stamp lapsed of was not worked out, and need not be.
        for who in (0, 1):
            mine = MemberCard.objects.filter(member=self.members[who]).first()
            if mine and mine.settled_until == moment(self.day):
                self.settled(who, self.day)

    def merge_or_part(self):
        kept, merged = self.members
        now = moment(self.day)
        if self.merge is not None and now - self.merge.at >= UNDO_WITHIN:
            return
        if self.merge is None:
            self.merge = merge_members(
                kept=kept, merged=merged, staff=self.staff, now=now
            )
            self.papers[0].purchases += self.papers[1].purchases
            self.papers[0].used += self.papers[1].used
        else:
            undo_merge(merge=self.merge, staff=self.staff, now=now)
            self.merge = None
            theirs = self.papers[1].purchases
            self.papers[0].purchases = [
                each
                for each in self.papers[0].purchases
                if not any(each is one for one in theirs)
            ]
            vouchers = Voucher.objects.filter(status="USED")
            self.papers[0].used = self._used(vouchers.filter(member=kept))
            self.papers[1].used = self._used(vouchers.filter(member=merged))
        for who in (0, 1):
            # Who has no card yet has none that could be worked out.
            if MemberCard.objects.filter(member=self.members[who]).exists():
                self.until[who] = max(self.until[who], self.day)

    def _used(self, vouchers):
        brought = {sold.id: purchase.day for _who, sold, purchase in self.bought}
        return [
            brought.get(each.caused_by, (each.issued_at - BOUGHT_AT).days)
            for each in vouchers
        ]

    def settled(self, who, day):
        whose = self.whose(who)
        self.until[whose] = max(self.until[whose], day)

    def compare(self):
        for who in [0] if self.merge else [0, 1]:
            mine = MemberCard.objects.filter(member=self.members[who]).first()
            if mine is None:
                continue
            rows = Stamp.objects.filter(member=self.members[who])
            live, owed, rewards = self.papers[who].settle(self.until[who])
            assert sum(row.remaining for row in rows) == live
            assert mine.stamps == sum(row.number for row in rows)
            assert mine.stamps - mine.rewards * NEEDED == live - owed
            assert mine.rewards == rewards
            vouchers = Voucher.objects.filter(member=self.members[who])
            assert vouchers.exclude(status="VOID").count() == rewards


STEPS = st.one_of(
    st.tuples(st.just("buy"), st.integers(0, 1), st.integers(1, 6), st.just(0)),
    st.tuples(st.just("buy"), st.integers(0, 1), st.integers(1, 6), st.integers(1, 25)),
    st.tuples(st.just("bring_back"), st.integers(0, 20), st.integers(1, 4)),
    st.tuples(st.just("use"), st.integers(0, 1)),
    st.tuples(st.just("night")),
    st.tuples(st.just("merge_or_part")),
)
WALK = st.lists(st.tuples(st.integers(0, 8), STEPS), min_size=1, max_size=14)


# Some of a day's goods come back when others of that day have lapsed, and rewards of
# both are there: it must make no difference which of them is used.
FROM_TWO_DAYS = [
    [
        (0, ("buy", 0, 5, 0)),
        (0, ("buy", 0, 6, 0)),
        (0, ("buy", 0, 2, 0)),
        (0, ("buy", 0, 2, 0)),
        (9, ("bring_back", 0, 1)),
        (3, ("use", 0)),
        (0, ("buy", 0, 5, 0)),
        (0, ("use", 0)),
        (0, ("bring_back", 0, 4)),
        (8, ("night",)),
        (0, ("use", 0)),
    ],
    [
        (0, ("buy", 0, 5, 0)),
        (0, ("buy", 0, 5, 0)),
        (0, ("buy", 0, 2, 0)),
        (0, ("buy", 0, 2, 0)),
        (8, ("use", 0)),
        (4, ("bring_back", 0, 1)),
        (0, ("buy", 0, 5, 0)),
        (0, ("use", 0)),
        (0, ("buy", 0, 1, 0)),
        (4, ("bring_back", 0, 3)),
        (7, ("night",)),
        (0, ("use", 0)),
    ],
]


def go(programme, staff, steps):
    """Do the steps, and hold the cards to their papers after each."""
    with transaction.atomic():
        shop = Shop(programme, staff)
        for days, (name, *values) in steps:
            shop.day += days
            getattr(shop, name)(*values)
            shop.compare()
        transaction.set_rollback(True)


@pytest.mark.parametrize("steps", FROM_TWO_DAYS, ids=["few", "many"])
def test_is_the_same_whichever_reward_is_used(programme, olga, steps):
    go(programme, olga, steps)


def walk(programme, staff, examples):
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(WALK)
    def run(steps):
        go(programme, staff, steps)

    run()


def test_is_what_paper_says_after_every_step(programme, olga):
    walk(programme, olga, examples=15)


@pytest.mark.soak
def test_is_what_paper_says_after_very_many(programme, olga):
    walk(programme, olga, examples=1500)


def _arrive(programme, staff, receipts):
    """Let receipts come in, in this order, and return what is on the card."""
    with transaction.atomic():
        shop = Shop(programme, staff)
        shop.day = 60
        for day, number in receipts:
            shop.buy(0, number, late=60 - day)
        shop.compare()
        run_nightly(now=moment(60))
        mine = MemberCard.objects.get(member=shop.members[0])
        transaction.set_rollback(True)
    return mine.stamps, mine.rewards


def test_is_the_same_in_whatever_order_receipts_come_in(programme, olga):
    @settings(max_examples=8, deadline=None, database=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 60), st.integers(1, 5)), min_size=2, max_size=6
        ),
        st.randoms(use_true_random=False),
    )
    def run(receipts, chance):
        mixed = chance.sample(receipts, len(receipts))

        assert _arrive(programme, olga, mixed) == _arrive(programme, olga, receipts)

    run()
