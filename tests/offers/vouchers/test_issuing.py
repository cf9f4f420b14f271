"""Vouchers come about: from points, by choice, given by staff."""

import pytest

from members.models import Event
from offers.models import Voucher
from offers.vouchers import care, services
from offers.vouchers.nightly import run_nightly
from offers.vouchers.steps import steps_at
from offers.vouchers.validity import why_not
from points.models import Entry
from points.services import InsufficientPoints, post, settle
from points.terms import VoucherMode
from tests.factories.offers import BOUGHT_AT, kr, line, rule_with
from tests.offers.vouchers.asking import (
    DAY,
    STATUS,
    balance,
    gift,
    kinds_of,
    proven,
    statuses,
)

pytestmark = pytest.mark.django_db


class TestTurningPointsIntoVouchers:
    def test_happens_with_the_purchase_that_reaches_the_threshold(
        self, programme, member, till
    ):
        rule_with(programme)

        till.buy(member, points=499)
        assert not Voucher.objects.exists()
        till.buy(member, points=1)

        voucher = Voucher.objects.get()
        assert (voucher.value, voucher.points, voucher.origin) == (
            kr(50),
            500,
            "POINTS",
        )
        assert voucher.entry.kind == Entry.Kind.SPEND
        assert balance(member) == 0
        assert Event.objects.filter(kind="offers.voucher_issued").count() == 1
        assert proven()

    def test_takes_the_largest_step_first_and_leaves_what_is_over(
        self, programme, member, till
    ):
        rule_with(programme, steps=[(200, kr(20)), (500, kr(60))])

        till.buy(member, points=950)

        values = Voucher.objects.order_by("pk").values_list("value", flat=True)
        assert list(values) == [kr(60), kr(20), kr(20)]
        assert balance(member) == 50

    def test_leaves_it_to_the_member_where_they_choose(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)

        till.buy(member, points=5000)

        assert not Voucher.objects.exists()

    def test_waits_for_points_that_are_not_usable_yet(self, programme, member, till):
        rule_with(programme)
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=500,
            key="waits",
            at=BOUGHT_AT,
            now=BOUGHT_AT,
            active_from=BOUGHT_AT + 14 * DAY,
        )

        till.buy(member, line())
        assert not Voucher.objects.exists()
        run_nightly(now=BOUGHT_AT + 13 * DAY)
        assert not Voucher.objects.exists()
        settle(member_ids=[member.pk], now=BOUGHT_AT + 14 * DAY)
        made = run_nightly(now=BOUGHT_AT + 14 * DAY)

        assert made["issued"] == 1
        assert statuses(member) == ["ISSUED"]

    def test_gives_nothing_while_points_are_held(self, programme, member, till):
        rule_with(programme)
        member.held_until = BOUGHT_AT + 2 * DAY
        member.save()

        till.buy(member, points=500)
        assert not Voucher.objects.exists()
        run_nightly(now=BOUGHT_AT + 2 * DAY)

        assert statuses(member) == ["ISSUED"]

    def test_records_the_purchase_although_what_had_lapsed_was_counted(
        self, programme, member, till
    ):
        rule_with(programme)
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=450,
            key="old",
            at=BOUGHT_AT - 30 * DAY,
            now=BOUGHT_AT - 30 * DAY,
            expires_at=BOUGHT_AT - DAY,
        )

        till.buy(member, points=60)

        assert not Voucher.objects.exists()
        assert balance(member) in {60, 510}


class TestChoosing:
    def choose(self, member, points=500, version=None, key="tap", now=BOUGHT_AT):
        version = version or steps_at(member, now)[0]
        return services.choose_voucher(
            member=member, points=points, version=version, key=key, now=now
        )

    def test_spends_points_for_a_voucher(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE, valid_days=90)
        till.buy(member, points=700)

        voucher = self.choose(member)

        assert (voucher.value, balance(member)) == (kr(50), 200)
        assert kinds_of(voucher) == ["ISSUED"]
        assert proven()

    def test_gives_one_for_two_taps(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=2000)

        first, second = self.choose(member), self.choose(member)

        assert first == second
        assert balance(member) == 1500

    def test_refuses_what_the_points_are_not_enough_for(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=499)

        with pytest.raises(InsufficientPoints):
            self.choose(member)

        assert not Voucher.objects.exists()
        assert balance(member) == 499

    def test_refuses_a_step_that_is_not_offered(self, programme, member, till):
        rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=900)

        with pytest.raises(services.NoSuchStep):
            self.choose(member, points=100)

    def test_refuses_what_was_shown_by_another_version(self, programme, member, till):
        rule = rule_with(programme, mode=VoucherMode.CHOICE)
        till.buy(member, points=900)

        with pytest.raises(services.NoSuchStep):
            self.choose(member, version=rule.version + 1)


class TestStaff:
    def test_withdraw_a_voucher_with_a_reason(self, member, olga, till):
        voucher = gift(member)

        care.void_voucher(
            voucher=voucher, staff=olga, reason="Given twice", now=BOUGHT_AT
        )

        assert statuses(member) == ["VOID"]
        last = voucher.log.order_by("-pk")[0]
        assert (last.kind, last.staff, last.reason) == ("VOIDED", olga, "Given twice")
        with pytest.raises(care.CannotChange):
            care.void_voucher(
                voucher=voucher, staff=olga, reason="Again", now=BOUGHT_AT
            )

    def test_make_one_valid_again_as_often_as_the_programme_lets(
        self, programme, member, olga
    ):
        rule_with(programme, reactivations=1)
        voucher = gift(member, valid_days=10, grace_days=0)
        later = BOUGHT_AT + 30 * DAY
        run_nightly(now=later)

        again = care.reactivate_voucher(
            voucher=voucher, staff=olga, reason="Was ill", now=later
        )

        assert (again.status, again.reactivations) == (STATUS.ISSUED, 1)
        assert why_not(again, at=later + 14 * DAY, now=later + 14 * DAY) is None
        run_nightly(now=later + 60 * DAY)
        with pytest.raises(care.CannotChange) as caught:
            care.reactivate_voucher(
                voucher=voucher, staff=olga, reason="Again", now=later + 60 * DAY
            )
        assert caught.value.why == "too_often"

    def test_cannot_make_one_valid_that_is_or_was_used(self, member, olga, till):
        voucher = gift(member)
        with pytest.raises(care.CannotChange):
            care.reactivate_voucher(
                voucher=voucher, staff=olga, reason="", now=BOUGHT_AT
            )
        till.buy(member, vouchers=[voucher.code])
        with pytest.raises(care.CannotChange):
            care.reactivate_voucher(
                voucher=voucher, staff=olga, reason="", now=BOUGHT_AT + 200 * DAY
            )
