"""F38: what a voucher paid earns nothing by any path, and returns know it.

The loader and the replay are held to this path by their own tests, whose receipts are
paid with vouchers too.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from offers.models import Voucher
from points import proof, reading
from points.models import Account
from points.selectors import balance_of
from points.terms import Discounts, Terms, VoucherMode, Vouchers
from purchases import services
from purchases.models import Receipt, ReceiptLine
from tests.factories.members import MemberFactory
from tests.factories.offers import rule_with
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import (
    BOUGHT_AT,
    TillClient,
    line,
    receipt,
    return_line,
)

pytestmark = pytest.mark.django_db
NOW = BOUGHT_AT + timedelta(hours=1)
# 300 kr of goods and a gift card of 100 kr.
LINES = [
    line("200.00", sku="A"),
    line("100.00", sku="B"),
    line("100.00", sku="G", articleGroup="Presentkort"),
]
SHARES = [Decimal("33.33"), Decimal("16.67"), Decimal("0.00")]


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def paid(**parts):
    return [{"type": kind, "value": value} for kind, value in parts.items()]


def bought(phone, **changes):
    """A voucher pays 50 kr of it, a gift card 120 kr."""
    payments = paid(VOUCHER="50.00", GIFTCARD="120.00", CARD="230.00")
    return receipt(*LINES, phone=phone, paymentMethods=payments, **changes)


def shares():
    found = ReceiptLine.objects.filter(kind="PURCHASE").order_by("number")
    return list(found.values_list("voucher_paid", flat=True))


class TestReceipt:
    def test_keeps_with_each_line_what_the_voucher_paid(self, till, vera):
        answer = till.record(bought(vera.phone))

        # The gift card pays as money does, and its sale earns nothing.
        assert answer["pointsEarned"] == 250
        assert shares() == SHARES
        assert Receipt.objects.get().eligible == Decimal("250.00")

    def test_earns_all_where_the_price_before_discounts_counts(
        self, programme, shop, api_key, vera
    ):
        terms = reading.dump(Terms(discounts=Discounts.BEFORE))
        EarningRuleFactory(programme=programme, published=True, terms=terms)

        answer = TillClient(api_key).record(bought(vera.phone))

        assert answer["pointsEarned"] == 300

    def test_gets_the_same_answer_again(self, till, vera):
        body = bought(vera.phone)

        assert till.send(body).content == till.send(body).content

    def test_that_redeems_a_code_and_takes_it_off_the_lines_loses_it_once(
        self, programme, shop, api_key, vera
    ):
        """The discount is in the price already: the code takes nothing more."""
        rule_with(programme, mode=VoucherMode.AUTOMATIC)
        till = TillClient(api_key)
        till.record(receipt(line("500.00"), phone=vera.phone))
        code = Voucher.objects.get(member=vera).code

        answer = till.record(
            receipt(
                line("250.00", discounts=[{"value": "50.00", "type": "VOUCHER"}]),
                phone=vera.phone,
                vouchers=[code],
            )
        )

        assert answer["pointsEarned"] == 250


class TestReturn:
    @pytest.mark.parametrize("by_number", [True, False])
    def test_takes_what_the_goods_gave(self, till, vera, by_number):
        purchase = bought(vera.phone)
        till.record(purchase)
        taken = [
            till.record(
                receipt(
                    return_line(
                        each["grossPaidPrice"],
                        sku=each["sku"],
                        articleGroup=each["articleGroup"],
                        **({"originalLine": place} if by_number else {}),
                    ),
                    originalReceipt=purchase["uniqueReceiptId"],
                )
            )["pointsReversed"]
            for place, each in enumerate(LINES, start=1)
        ]

        # 200 kr less 33.33 gave 166.67 points; 83 are left of the other.
        assert taken == [167, 83, 0]
        assert Account.objects.get(member=vera).balance == 0
        stored = Receipt.objects.get(unique_receipt_id=purchase["uniqueReceiptId"])
        assert stored.returned_exact == stored.exact
        assert stored.returned_eligible == stored.eligible
        assert not proof.check().differences

    def test_of_what_a_voucher_and_a_gift_card_paid_gives_both_back(
        self, programme, shop, api_key, vera
    ):
        """F22: paid by gift card and voucher together; the till is not stopped."""
        terms = Terms(vouchers=Vouchers(VoucherMode.AUTOMATIC))
        EarningRuleFactory(
            programme=programme, published=True, terms=reading.dump(terms)
        )
        till = TillClient(api_key)
        till.record(receipt(line("500.00"), phone=vera.phone))
        voucher = Voucher.objects.get(member=vera)
        purchase = receipt(
            line("300.00"),
            phone=vera.phone,
            vouchers=[voucher.code],
            paymentMethods=paid(VOUCHER="50.00", GIFTCARD="250.00"),
        )
        assert till.record(purchase)["pointsEarned"] == 250

        answer = till.record(
            receipt(
                return_line("300.00"),
                phone=vera.phone,
                originalReceipt=purchase["uniqueReceiptId"],
                paymentMethods=paid(VOUCHER="-50.00", GIFTCARD="-250.00"),
            )
        )

        voucher.refresh_from_db()
        assert answer["pointsReversed"] == 250
        assert (voucher.status, voucher.worth) == ("ISSUED", Decimal("50.00"))
        assert not proof.check().differences

    @pytest.mark.parametrize("kind", ["GIFTCARD", "Presentkort"])
    def test_of_what_a_gift_card_paid_takes_what_the_goods_gave(self, till, vera, kind):
        """F22: money on a gift card is money; it was paid for when it was bought."""
        purchase = receipt(
            line("300.00"), phone=vera.phone, paymentMethods=paid(**{kind: "300.00"})
        )
        assert till.record(purchase)["pointsEarned"] == 300

        answer = till.record(
            receipt(
                return_line("100.00"),
                phone=vera.phone,
                originalReceipt=purchase["uniqueReceiptId"],
                paymentMethods=paid(**{kind: "-100.00"}),
            )
        )

        assert (answer["pointsReversed"], answer["pointsBalance"]) == (100, 200)

    def test_without_its_receipt_takes_nothing_for_the_voucher(self, till, vera):
        till.record(receipt(line("500.00"), phone=vera.phone))

        answer = till.record(
            receipt(
                return_line("100.00"),
                phone=vera.phone,
                paymentMethods=paid(VOUCHER="-40.00", CARD="-60.00"),
            )
        )

        assert answer["pointsReversed"] == 60


class TestClaim:
    PHONE = "+46701740605"

    def claim(self, programme):
        member = MemberFactory(
            programme=programme, phone=self.PHONE, phone_verified_at=NOW
        )
        services.claiming.claim_for_member(member_id=member.pk, now=NOW)
        return balance_of(member).points

    def test_gives_what_it_would_have_given_at_once(self, till, programme):
        till.record(bought(self.PHONE))

        assert self.claim(programme) == 250
        assert shares() == SHARES

    def test_knows_what_came_back_before(self, till, programme):
        purchase = bought(self.PHONE)
        till.record(purchase)
        till.record(
            receipt(
                return_line("200.00", sku="A"),
                originalReceipt=purchase["uniqueReceiptId"],
            )
        )

        assert self.claim(programme) == 83
        assert not proof.check().differences
