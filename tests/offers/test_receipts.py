"""Vouchers and stamps through the API's receipts, as tills send them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from offers.models import MemberCard, Redemption, Voucher
from offers.vouchers import services
from offers.vouchers.services import Gift
from points.models import Account
from points.reading import dump
from points.terms import ReturnPolicy, Terms, VoucherMode, Vouchers
from tests.factories.members import MemberFactory
from tests.factories.offers import stamp_card
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import (
    BOUGHT_AT,
    TillClient,
    line,
    receipt,
    return_line,
)
from tests.factories.stores import StoreFactory

pytestmark = pytest.mark.django_db
VERA = "+46701740605"
BO = "+46701740606"


@pytest.fixture
def vera(programme):
    StoreFactory(programme=programme, code="101")
    return MemberFactory(programme=programme, phone=VERA)


@pytest.fixture
def sender(api_key, vera):
    return TillClient(api_key)


@pytest.fixture
def automatic(programme):
    """500 points are a voucher of 50 kr, and nobody has to ask."""

    def publish(policy=ReturnPolicy.NEGATIVE):
        terms = Terms(vouchers=Vouchers(mode=VoucherMode.AUTOMATIC), returns=policy)
        return EarningRuleFactory(
            programme=programme, terms=dump(terms), published=True
        )

    return publish


def gift(member):
    return services.give_voucher(
        member=member,
        gift=Gift(Decimal(50)),
        reason="",
        key="gift",
        now=BOUGHT_AT - timedelta(days=1),
    )


def returning(sold, *lines, phone=VERA):
    return receipt(
        *lines,
        phone=phone,
        originalReceipt={"uniqueReceiptId": sold["uniqueReceiptId"]},
    )


class TestAReceipt:
    def test_becomes_a_voucher_at_once_and_answers_so_again(self, sender, automatic):
        automatic()
        sold = receipt(line("520.00"), phone=VERA)

        answer = sender.record(sold)
        again = sender.record(sold)

        assert answer["pointsBalance"] == 20
        assert answer == again
        assert Voucher.objects.count() == 1

    def test_redeems_the_voucher_that_it_names_once(self, sender, vera):
        voucher = gift(vera)
        sold = receipt(line("199.00"), phone=VERA, vouchers=[voucher.code])

        sender.record(sold)
        sender.record(sold)

        voucher.refresh_from_db()
        assert voucher.status == Voucher.Status.USED
        assert Redemption.objects.get().amount == Decimal(199)

    def test_is_recorded_with_one_that_was_used_and_warns_at_its_place(
        self, sender, vera
    ):
        voucher = gift(vera)
        sender.record(receipt(phone=VERA, vouchers=[voucher.code]))

        answer = sender.record(receipt(phone=VERA, vouchers=[voucher.code]))

        (warning,) = answer["warnings"]
        assert warning == {"pointer": "/vouchers/0", "code": "voucher_used"}

    def test_stamps_the_cards_it_fits(self, programme, sender, vera, olga):
        stamp_card(programme, olga, now=BOUGHT_AT)

        sender.record(
            receipt(line("105.00", quantity="3", articleGroup="Kaffe"), phone=VERA)
        )

        assert MemberCard.objects.get(member=vera).stamps == 3


class TestAReturn:
    def test_withdraws_the_voucher_its_points_became(self, sender, vera, automatic):
        automatic()
        sold = receipt(line("520.00"), phone=VERA)
        sender.record(sold)

        sender.record(returning(sold, return_line("520.00")))

        assert Voucher.objects.get().status == Voucher.Status.VOID
        assert Account.objects.get(member=vera).balance == 0

    def test_withdraws_it_also_where_no_debt_may_arise(self, sender, vera, automatic):
        automatic(ReturnPolicy.BALANCE)
        sold = receipt(line("520.00"), phone=VERA)
        sender.record(sold)

        sender.record(returning(sold, return_line("520.00")))

        assert Voucher.objects.get().status == Voucher.Status.VOID
        assert Account.objects.get(member=vera).balance == 0

    def test_withdraws_the_buyers_when_somebody_else_brings_it_back(
        self, programme, sender, vera, automatic
    ):
        automatic()
        MemberFactory(programme=programme, phone=BO)
        sold = receipt(line("520.00"), phone=VERA)
        sender.record(sold)

        sender.record(returning(sold, return_line("520.00"), phone=BO))

        assert Voucher.objects.get().status == Voucher.Status.VOID
        assert Account.objects.get(member=vera).balance == 0

    def test_withdraws_it_when_it_came_before_its_purchase(
        self, sender, vera, automatic
    ):
        automatic()
        sold = receipt(line("520.00"), phone=VERA)
        sender.record(returning(sold, return_line("520.00")))

        sender.record(sold)

        assert Voucher.objects.get().status == Voucher.Status.VOID
        assert Account.objects.get(member=vera).balance == 0

    def test_makes_a_voucher_valid_again_that_paid_for_it(self, sender, vera):
        voucher = gift(vera)
        sold = receipt(line("199.00"), phone=VERA, vouchers=[voucher.code])
        sender.record(sold)

        sender.record(returning(sold, return_line("199.00")))

        voucher.refresh_from_db()
        assert (voucher.status, voucher.worth) == ("ISSUED", Decimal(50))

    def test_takes_stamps_back(self, programme, sender, vera, olga):
        stamp_card(programme, olga, now=BOUGHT_AT)
        sold = receipt(line("105.00", quantity="3", articleGroup="Kaffe"), phone=VERA)
        sender.record(sold)

        sender.record(returning(sold, return_line("35.00", articleGroup="Kaffe")))

        assert MemberCard.objects.get(member=vera).stamps == 2
