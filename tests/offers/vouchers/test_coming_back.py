"""Goods come back that vouchers paid, or whose points became vouchers."""

import pytest
from django.db import connection

from offers.models import Redemption, Voucher
from tests.factories.offers import BOUGHT_AT, back, kr, line, rule_with
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


class TestGoodsComeBack:
    def test_makes_the_voucher_valid_again_for_a_fortnight(self, member, till):
        voucher = gift(member, valid_days=10, grace_days=0)
        bought = till.buy(member, line("249"), vouchers=[voucher.code])
        late = BOUGHT_AT + 40 * DAY

        till.take_back(member, bought, back(1, "249"), at=late)

        voucher.refresh_from_db()
        assert (voucher.status, voucher.worth) == (STATUS.ISSUED, kr(50))
        assert voucher.expires_at > late + 14 * DAY
        assert kinds_of(voucher)[-1] == "GIVEN_BACK"
        till.buy(member, vouchers=[voucher.code], at=late + 14 * DAY)
        assert statuses(member) == ["USED"]

    def test_gives_back_the_share_of_what_came_back(self, member, till):
        """A shirt of 300 and socks of 100, 40 kr off: the socks give back 10 kr."""
        voucher = gift(member, "40")
        bought = till.buy(member, line("300"), line("100"), vouchers=[voucher.code])

        till.take_back(member, bought, back(2, "100"))

        voucher.refresh_from_db()
        assert (voucher.status, voucher.worth) == (STATUS.ISSUED, kr(10))
        till.take_back(member, bought, back(1, "300"))
        voucher.refresh_from_db()
        assert voucher.worth == kr(40)

    def test_adds_up_to_the_whole_in_three_odd_parts(self, member, till):
        voucher = gift(member, "50")
        bought = till.buy(member, *[line("33.33")] * 3, vouchers=[voucher.code])

        for place in (2, 3, 1):
            till.take_back(member, bought, back(place, "33.33"))

        voucher.refresh_from_db()
        assert voucher.worth == kr(50)
        given = Redemption.objects.get()
        assert (given.given_back, given.is_undone) == (kr(50), True)

    def test_gives_nothing_twice_for_a_return_that_is_sent_again(self, member, till):
        voucher = gift(member, "40")
        bought = till.buy(member, line("300"), line("100"), vouchers=[voucher.code])

        first = till.take_back(member, bought, back(2, "100"))
        till.take_back(member, bought, back(2, "100"), id_=first)

        voucher.refresh_from_db()
        assert voucher.worth == kr(10)

    def test_gives_back_what_was_paid_in_full_by_the_voucher(self, member, till):
        voucher = gift(member, "50")
        bought = till.buy(member, line("0", quantity="2"), vouchers=[voucher.code])

        till.take_back(member, bought, back(1, "0", quantity="1"))

        voucher.refresh_from_db()
        assert voucher.worth == kr(25)

    def test_gives_both_back_when_two_were_used(self, member, till):
        vouchers = [gift(member, "50", key="a"), gift(member, "20", key="b")]
        bought = till.buy(
            member, line("300"), vouchers=[each.code for each in vouchers]
        )

        till.take_back(member, bought, back(1, "300"))

        assert [Voucher.objects.get(pk=each.pk).worth for each in vouchers] == [
            kr(50),
            kr(20),
        ]


class TestPointsComeBack:
    """Goods are returned whose points have become a voucher."""

    def test_withdraws_the_unused_voucher(self, programme, member, till):
        rule_with(programme)
        bought = till.buy(member, line("500"), points=500)

        till.take_back(member, bought, back(1, "500"), points=500)

        assert (statuses(member), balance(member)) == (["VOID"], 0)
        assert kinds_of(Voucher.objects.get()) == ["ISSUED", "WITHDRAWN"]
        assert proven()

    def test_gains_nothing_by_buying_and_returning_again_and_again(
        self, programme, member, till
    ):
        rule_with(programme)
        for _time in range(10):
            bought = till.buy(member, line("500"), points=500)
            till.take_back(member, bought, back(1, "500"), points=500)

        assert set(statuses(member)) == {"VOID"}
        assert balance(member) == 0

    def test_withdraws_only_as_many_as_it_needs(self, programme, member, till):
        """1 500 points are three vouchers; 600 go back: two are withdrawn."""
        rule_with(programme)
        bought = till.buy(member, line("600"), line("900"), points=1500)

        till.take_back(member, bought, back(1, "600"), points=600)

        assert statuses(member) == ["ISSUED", "VOID", "VOID"]
        assert balance(member) == 400
        assert proven()

    def test_leaves_a_debt_for_a_used_one(self, programme, member, till):
        rule_with(programme)
        bought = till.buy(member, line("500"), points=500)
        code = Voucher.objects.get().code
        till.buy(member, line("80"), vouchers=[code])

        till.take_back(member, bought, back(1, "500"), points=500)

        assert (statuses(member), balance(member)) == (["USED"], -500)
        till.buy(member, line("500"), points=500)
        assert (statuses(member), balance(member)) == (["USED"], 0)
        assert proven()

    def test_takes_what_is_in_vouchers_where_no_debt_may_arise(
        self, programme, member, till
    ):
        rule_with(programme)
        bought = till.buy(member, line("500"), points=500)
        till.policy = "balance"

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT offers_before_reversal(%s, 500, NULL, NULL, %s, %s)",
                [member.pk, BOUGHT_AT, BOUGHT_AT],
            )
        till.take_back(member, bought, back(1, "500"), points=500)

        assert (statuses(member), balance(member)) == (["VOID"], 0)

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
    def test_ends_the_same_in_any_order(self, programme, member, till, order):
        rule_with(programme)
        parts = (250, 450, 700)
        bought = till.buy(member, *[line(str(each)) for each in parts], points=1400)

        for place in order[:2]:
            till.take_back(
                member,
                bought,
                back(place + 1, str(parts[place])),
                points=parts[place],
            )
        till.take_back(
            member,
            bought,
            back(order[2] + 1, str(parts[order[2]])),
            points=parts[order[2]],
        )

        assert set(statuses(member)) == {"VOID"}
        assert balance(member) == 0
        assert proven()

    def test_gives_a_voucher_back_and_withdraws_it_for_the_same_goods(
        self, programme, member, till
    ):
        """The purchase that earned the voucher and the one it paid both come back."""
        rule_with(programme)
        earning = till.buy(member, line("500"), points=500)
        voucher = Voucher.objects.get()
        paid = till.buy(member, line("80"), vouchers=[voucher.code])
        till.take_back(member, earning, back(1, "500"), points=500)
        assert balance(member) == -500

        till.take_back(member, paid, back(1, "80"))

        assert (statuses(member), balance(member)) == (["VOID"], 0)
        assert proven()
