"""Stamps that lapse, and receipts that come late, as registers send them."""

from datetime import timedelta

import pytest

from members.merging import merge_members, undo_merge
from members.models import Member
from offers.models import MemberCard, Stamp, Voucher
from offers.stamps.services import MOST_PER_PURCHASE
from offers.vouchers.nightly import run_nightly
from purchases.models import Product, Receipt
from purchases.services.claiming import claim_for_member
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, goods, stamp_card
from tests.factories.purchases import receipt
from tests.factories.register import Register, coffees, coffees_back
from tests.factories.stores import StoreFactory

pytestmark = pytest.mark.django_db
VERA = "+46701740605"


def day(number):
    """The moment of a day after the first one."""
    return BOUGHT_AT + timedelta(days=number)


@pytest.fixture
def vera(programme):
    StoreFactory(programme=programme, code="101")
    return MemberFactory(programme=programme, phone=VERA)


@pytest.fixture
def register(programme, vera):
    return Register(programme, phone=VERA)


@pytest.fixture
def card(programme, olga):
    """Ten coffees give one; a stamp is valid for thirty days."""
    return stamp_card(programme, olga, needed=10, valid_days=30)


def collected(card):
    mine = MemberCard.objects.get(card=card)
    rows = Stamp.objects.filter(card=card, member=mine.member)
    assert mine.stamps == sum(row.number for row in rows)
    return mine.stamps - mine.rewards * card.needed


def rewards():
    return [each.status for each in Voucher.objects.order_by("pk")]


class TestLapsedStamps:
    def test_never_come_back_after_a_reward(self, register, card):
        register.sell(coffees(5), at=day(0))
        run_nightly(now=day(31))
        assert collected(card) == 0
        register.sell(coffees(3), at=day(35))
        register.sell(coffees(7), at=day(40))
        assert (collected(card), rewards()) == (0, ["ISSUED"])
        run_nightly(now=day(66))
        assert collected(card) == 0

        register.sell(coffees(5), at=day(67))

        assert (collected(card), rewards()) == (5, ["ISSUED"])
        lapsed = Stamp.objects.filter(kind="LAPSE").values_list("number", flat=True)
        assert list(lapsed) == [-5]

    def test_never_come_back_by_a_merge(self, programme, register, card, vera, olga):
        register.sell(coffees(5), at=day(0))
        run_nightly(now=day(31))
        register.sell(coffees(10), at=day(40))
        twin = MemberFactory(programme=programme)

        merge = merge_members(kept=vera, merged=twin, staff=olga, now=day(80))
        assert (collected(card), rewards()) == (0, ["ISSUED"])
        undo_merge(merge=merge, staff=olga, now=day(81))

        assert (collected(card), rewards()) == (0, ["ISSUED"])

    def test_are_the_oldest_that_no_reward_took(self, register, card):
        register.sell(coffees(8), at=day(0))
        register.sell(coffees(5), at=day(20))
        assert (collected(card), rewards()) == (3, ["ISSUED"])

        run_nightly(now=day(31))
        assert collected(card) == 3
        assert MemberCard.objects.get().lapses_at == day(50).replace(hour=22, minute=0)
        run_nightly(now=day(52))

        assert collected(card) == 0

    def test_are_settled_at_the_register_before_the_night(self, register, card):
        register.sell(coffees(9), at=day(0))

        register.sell(coffees(1), at=day(31))

        assert (collected(card), rewards()) == (1, [])

    def test_pay_for_a_used_reward_whose_goods_came_back(self, register, card):
        sold = register.sell(coffees(10), at=day(0))
        free = coffees(1, each="0.00")
        register.sell(free, at=day(1), vouchers=[Voucher.objects.get().code])
        register.take_back(sold, coffees_back(6), at=day(2))
        assert (collected(card), rewards()) == (-6, ["USED"])

        # The four that stay were taken by the reward: they do not lapse.
        run_nightly(now=day(31))
        register.sell(coffees(7), at=day(40))

        assert (collected(card), rewards()) == (1, ["USED"])


class TestALateReceipt:
    def test_counts_as_on_its_day(self, register, card):
        """Offline on day 29, with the coffee that was missing; it came in on day 40."""
        register.sell(coffees(9), at=day(0))
        run_nightly(now=day(31))
        assert collected(card) == 0

        register.sell(coffees(1), at=day(29), now=day(40))

        assert (collected(card), rewards()) == (0, ["ISSUED"])

    def test_brings_nothing_back_that_had_lapsed_by_its_day(self, register, card):
        register.sell(coffees(9), at=day(0))
        run_nightly(now=day(40))

        register.sell(coffees(1), at=day(32), now=day(41))

        assert (collected(card), rewards()) == (1, [])

    def test_of_long_ago_lapses_by_the_night(self, register, card):
        register.sell(coffees(3), at=day(0), now=day(45))

        run_nightly(now=day(46))

        assert collected(card) == 0

    def test_takes_the_place_of_a_later_stamp(self, programme, register, olga):
        card = stamp_card(programme, olga, needed=2, valid_days=30)
        register.sell(coffees(1), at=day(0))
        register.sell(coffees(1), at=day(20))
        assert (collected(card), rewards()) == (0, ["ISSUED"])

        register.sell(coffees(1), at=day(5), now=day(40))
        run_nightly(now=day(41))
        assert collected(card) == 1
        run_nightly(now=day(51))

        assert (collected(card), rewards()) == (0, ["ISSUED"])


class TestAClaim:
    def test_stamps_only_what_was_kept(self, programme, register, card, vera):
        """Ten coffees before somebody joined, of which nine had come back."""
        bo = "+46701740606"
        sold = register.sell(coffees(10), at=day(0), phone=bo)
        register.take_back(sold, coffees_back(4), at=day(1), phone=None)
        register.take_back(sold, coffees_back(5), at=day(2), phone=None)
        member = MemberFactory(programme=programme, phone=bo, phone_verified_at=day(3))

        (claimed,) = claim_for_member(member_id=member.pk, now=day(3))

        assert claimed.member == member
        assert (collected(card), rewards()) == (1, ["VOID"])


class TestAnEarlyReturn:
    @pytest.mark.parametrize(
        "named", [{"categories": ["Varma drycker"]}, {"brands": ["Löfbergs"]}]
    )
    def test_finds_its_goods_by_what_the_article_is(
        self, programme, register, olga, named
    ):
        """It names no line, and came in before its purchase."""
        Product.objects.create(
            programme=programme,
            sku="K1",
            name="Bryggkaffe",
            category="Varma drycker",
            brand="Löfbergs",
        )
        card = stamp_card(programme, olga, goods=goods(**named))
        sold = receipt(coffees(3), phone=VERA, at=day(2))
        register.take_back(sold, coffees_back(2), at=day(2))

        register.record(sold, now=day(4))

        assert collected(card) == 1


class TestABlockedMember:
    def test_collects_nothing(self, register, card, vera):
        vera.status = Member.Status.BLOCKED
        vera.save()

        register.sell(coffees(10), at=day(0))

        assert not MemberCard.objects.exists()
        assert not Voucher.objects.exists()

    def test_still_loses_the_stamps_of_what_comes_back(self, register, card, vera):
        sold = register.sell(coffees(3), at=day(0))
        vera.status = Member.Status.BLOCKED
        vera.save()

        register.take_back(sold, coffees_back(2), at=day(1))

        assert collected(card) == 1


class TestAVeryLargePurchase:
    def test_is_recorded_and_stamped_a_thousand_times(self, register, card):
        """A wholesaler's forty thousand cups."""
        sold = register.sell(coffees(40_000, each="1.00"), at=day(0))

        assert Receipt.objects.get().unique_receipt_id == sold["uniqueReceiptId"]
        assert (collected(card), len(rewards())) == (0, 100)
        assert MemberCard.objects.get().stamps == MOST_PER_PURCHASE
        register.take_back(sold, coffees_back(39_005, each="1.00"), at=day(1))
        assert MemberCard.objects.get().stamps == 995
