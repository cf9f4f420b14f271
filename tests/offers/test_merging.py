"""F49: vouchers that are held or used, through a merge and its undoing."""

from datetime import timedelta

import pytest

from members.merging import merge_members, undo_merge
from offers.models import Redemption, Voucher, VoucherEvent
from offers.vouchers import services
from offers.vouchers.nightly import run_nightly
from offers.vouchers.services import Gift
from offers.vouchers.validity import CannotUse, Why
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, back, kr, line

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def other(programme):
    """The membership that is merged into the member's."""
    return MemberFactory(programme=programme)


@pytest.fixture
def voucher(other):
    """50 kr of the one that is merged."""
    return services.give_voucher(
        member=other,
        gift=Gift(kr("50")),
        reason="A late delivery",
        key="gift",
        now=BOUGHT_AT,
    )


@pytest.fixture
def merge(member, other, olga):
    def make(now=BOUGHT_AT):
        return merge_members(
            kept=member, merged=other, staff=olga, reason="Same", now=now
        )

    return make


def held(voucher, key="basket-1", now=BOUGHT_AT, **more):
    return services.reserve_voucher(
        programme_id=voucher.programme_id, code=voucher.code, key=key, now=now, **more
    )


def used(voucher, key="basket-1", now=BOUGHT_AT):
    return services.redeem_voucher(
        programme_id=voucher.programme_id, code=voucher.code, key=key, at=now, now=now
    )


def owners():
    """Return whose each voucher is, with its log and its uses."""
    return [
        sorted(set(model.objects.values_list("member", flat=True)))
        for model in (Voucher, VoucherEvent, Redemption)
    ]


class TestReserved:
    def test_goes_with_the_merge_and_stays_held(self, member, other, voucher, merge):
        held(voucher)

        merge()

        voucher.refresh_from_db()
        assert (voucher.member_id, voucher.status) == (member.pk, "RESERVED")
        with pytest.raises(CannotUse) as caught:
            held(voucher, key="basket-2")
        assert caught.value.why is Why.RESERVED

    def test_is_used_by_the_basket_that_held_it_before_the_merge(
        self, member, other, voucher, merge
    ):
        held(voucher, buyer=other)

        merge()

        assert used(voucher).status == "USED"
        assert Redemption.objects.get().member_id == member.pk

    def test_comes_back_with_the_undoing_as_it_was(
        self, member, other, voucher, merge, olga
    ):
        held(voucher)
        undo_merge(merge=merge(), staff=olga, now=BOUGHT_AT)

        voucher.refresh_from_db()
        assert (voucher.member_id, voucher.status) == (other.pk, "RESERVED")
        assert (voucher.reserved_key, voucher.reserved_until) == (
            "basket-1",
            BOUGHT_AT + services.RESERVED_FOR,
        )
        assert owners() == [[other.pk], [other.pk], []]

    def test_that_was_held_after_the_merge_comes_back_too(
        self, member, other, voucher, merge, olga
    ):
        done = merge()
        held(voucher, buyer=member)

        undo_merge(merge=done, staff=olga, now=BOUGHT_AT)

        voucher.refresh_from_db()
        assert (voucher.member_id, voucher.status) == (other.pk, "RESERVED")
        assert owners() == [[other.pk], [other.pk], []]

    def test_is_let_go_in_time_whoever_has_it(self, member, voucher, merge):
        held(voucher)
        merge()

        run_nightly(now=BOUGHT_AT + services.RESERVED_FOR + HOUR)

        voucher.refresh_from_db()
        assert (voucher.member_id, voucher.status) == (member.pk, "ISSUED")


class TestUsed:
    def test_before_the_merge_stays_used_once(
        self, member, other, voucher, merge, till, olga
    ):
        till.buy(other, line("80.00"), vouchers=[voucher.code])

        done = merge()

        assert owners() == [[member.pk]] * 3
        with pytest.raises(CannotUse) as caught:
            used(voucher, key="basket-2")
        assert caught.value.why is Why.USED
        undo_merge(merge=done, staff=olga, now=BOUGHT_AT)
        voucher.refresh_from_db()
        assert voucher.status == "USED"
        assert owners() == [[other.pk]] * 3
        assert Redemption.objects.count() == 1

    def test_after_the_merge_goes_back_with_its_use(
        self, member, other, voucher, merge, till, olga
    ):
        done = merge()
        till.buy(member, line("80.00"), vouchers=[voucher.code])

        undo_merge(merge=done, staff=olga, now=BOUGHT_AT)

        voucher.refresh_from_db()
        assert (voucher.member_id, voucher.status) == (other.pk, "USED")
        assert owners() == [[other.pk]] * 3

    @pytest.mark.parametrize("is_undone", [False, True])
    def test_is_given_back_to_whose_it_is_when_the_goods_come_back(
        self, member, other, voucher, merge, till, olga, is_undone
    ):
        bought = till.buy(other, line("80.00"), vouchers=[voucher.code])
        done = merge()
        if is_undone:
            undo_merge(merge=done, staff=olga, now=BOUGHT_AT)
        owner = other if is_undone else member

        till.take_back(owner, bought, back(1, "80.00"))

        voucher.refresh_from_db()
        assert (voucher.member_id, voucher.status) == (owner.pk, "ISSUED")
        assert voucher.worth == kr("50")
        assert owners() == [[owner.pk]] * 3

    def test_of_both_keep_apart_what_each_had(
        self, member, other, voucher, merge, till, olga
    ):
        own = services.give_voucher(
            member=member, gift=Gift(kr("30")), reason="Sorry", key="own", now=BOUGHT_AT
        )
        till.buy(member, line("80.00"), vouchers=[own.code])
        held(voucher)

        done = merge()
        assert Voucher.objects.filter(member=member).count() == 2
        undo_merge(merge=done, staff=olga, now=BOUGHT_AT)

        mine = dict(Voucher.objects.values_list("member", "status"))
        assert mine == {member.pk: "USED", other.pk: "RESERVED"}
        assert Redemption.objects.get().member_id == member.pk
