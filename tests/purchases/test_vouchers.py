"""Vouchers that receipts name: redeemed with the receipt, or the receipt is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from offers.models import Redemption, Stamp, Voucher
from points.models import Account
from points.terms import VoucherMode
from purchases.models import Receipt
from tests.factories.members import MemberFactory
from tests.factories.offers import goods, rule_with, stamp_card
from tests.factories.points import RULES_SINCE
from tests.factories.purchases import BOUGHT_AT, TillClient, line, receipt, return_line
from tests.factories.stores import StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(BOUGHT_AT + timedelta(hours=1), tick=False)


@pytest.fixture
def till(programme, shop, api_key):
    """A till of a club in which 500 points become 50 kr by themselves."""
    rule = rule_with(programme, mode=VoucherMode.AUTOMATIC)
    assert rule.starts_at == RULES_SINCE
    return TillClient(api_key)


def voucher_of(till, member):
    """Buy for 500 kr; return the voucher that comes of it."""
    answer = till.record(receipt(line("500.00"), phone=member.phone))
    assert answer["pointsEarned"] == 500
    # What is left after the voucher is what the till shows.
    assert answer["pointsBalance"] == 0
    return Voucher.objects.get(member=member)


def voucher_of_points(till, member):
    """Buy for 500 kr once more; return the voucher that comes of it."""
    till.record(receipt(line("500.00"), phone=member.phone))
    return Voucher.objects.get(member=member, status="ISSUED")


class TestReceipt:
    def test_redeems_the_voucher_it_names(self, till, vera):
        voucher = voucher_of(till, vera)

        till.record(receipt(phone=vera.phone, vouchers=[voucher.code]))

        voucher.refresh_from_db()
        assert voucher.status == "USED"

    def test_gets_the_same_answer_again_and_redeems_once(self, till, vera):
        voucher = voucher_of(till, vera)
        body = receipt(phone=vera.phone, vouchers=[voucher.code])

        assert till.send(body).content == till.send(body).content

    @pytest.mark.parametrize(
        ("vouchers", "pointer", "code"),
        [
            (["NOBODYS7CODE"], "/vouchers/0", "voucher_unknown"),
            (["{theirs}", "NOBODYS7CODE"], "/vouchers/1", "voucher_unknown"),
            (["{theirs}", "{theirs}"], "/vouchers/1", "voucher_twice"),
            (["x" * 41], "/vouchers/0", "too_long"),
            ([7], "/vouchers/0", "not_text"),
            ("x", "/vouchers", "not_a_list"),
            (["x"] * 21, "/vouchers", "too_many"),
        ],
    )
    def test_is_refused_as_a_whole_with_the_place(
        self, till, vera, vouchers, pointer, code
    ):
        voucher = voucher_of(till, vera)
        if isinstance(vouchers, list):
            vouchers = [
                each.format(theirs=voucher.code) if isinstance(each, str) else each
                for each in vouchers
            ]

        refused = till.send(receipt(phone=vera.phone, vouchers=vouchers))

        assert refused.status_code == 422
        errors = [(e["pointer"], e["code"]) for e in refused.json()["errors"]]
        assert errors == [(pointer, code)]
        voucher.refresh_from_db()
        assert (voucher.status, Receipt.objects.count()) == ("ISSUED", 1)
        assert Account.objects.get(member=vera).balance == 0

    def test_of_another_member_is_refused(self, till, vera, programme):
        voucher = voucher_of(till, vera)
        friend = MemberFactory(programme=programme)

        refused = till.send(receipt(phone=friend.phone, vouchers=[voucher.code]))

        assert refused.json()["errors"][0]["code"] == "voucher_not_theirs"

    def test_sent_again_with_a_voucher_differs(self, till, vera):
        voucher = voucher_of(till, vera)
        body = receipt(phone=vera.phone)
        till.record(body)

        refused = till.send({**body, "vouchers": [voucher.code]})

        assert refused.status_code == 409
        assert refused.json()["differences"] == [{"pointer": "/vouchers"}]


class TestVoucherThatWasUsed:
    """Two tills were offline, and both took one voucher: both sales are done."""

    @pytest.fixture
    def used(self, till, vera):
        voucher = voucher_of(till, vera)
        till.record(receipt(phone=vera.phone, vouchers=[voucher.code]))
        return voucher

    def test_loses_no_sale_and_is_named_in_the_answer(self, till, vera, used):
        answer = till.record(
            receipt(line("100.00"), phone=vera.phone, vouchers=[used.code])
        )

        assert answer["warnings"] == [
            {"pointer": "/vouchers/0", "code": "voucher_used"}
        ]
        assert answer["pointsEarned"] == 100
        assert Redemption.objects.count() == 1

    def test_is_used_by_the_sale_that_comes_first_whichever_was_earlier(
        self, till, vera, used
    ):
        """The first one's answer stands; nothing says which till gave it first."""
        late = receipt(
            line("100.00"),
            phone=vera.phone,
            vouchers=[used.code],
            at=BOUGHT_AT - timedelta(minutes=5),
        )

        assert "warnings" in till.record(late)

    def test_answers_alike_whenever_it_is_sent_again(self, till, vera, used):
        body = receipt(phone=vera.phone, vouchers=[used.code])

        first, again = till.send(body), till.send(body)

        assert first.status_code == again.status_code == 201
        assert first.content == again.content

    def test_lets_the_others_be_used(self, till, vera, used):
        other = voucher_of_points(till, vera)

        answer = till.record(
            receipt(phone=vera.phone, vouchers=[used.code, other.code])
        )

        assert [each["pointer"] for each in answer["warnings"]] == ["/vouchers/0"]
        other.refresh_from_db()
        assert other.status == "USED"

    def test_does_not_make_up_for_one_that_never_was(self, till, vera, used):
        refused = till.send(
            receipt(phone=vera.phone, vouchers=[used.code, "NOBODYS7CODE"])
        )

        assert refused.status_code == 422
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/vouchers/1", "voucher_unknown")

    def test_earns_for_what_was_laid_out(self, till, vera, used):
        """What the till booked as voucher was given, rightly or not: nobody paid it."""
        body = receipt(line("100.00"), phone=vera.phone, vouchers=[used.code])
        body["paymentMethods"] = [
            {"type": "VOUCHER", "value": "50.00"},
            {"type": "CARD", "value": "50.00"},
        ]

        assert till.record(body)["pointsEarned"] == 50

    def test_gives_it_back_to_the_first_sale_alone(self, till, vera, used):
        bought = receipt(line("100.00"), phone=vera.phone, vouchers=[used.code])
        till.record(bought)

        till.record(
            receipt(return_line("100.00"), originalReceipt=bought["uniqueReceiptId"])
        )

        used.refresh_from_db()
        assert used.status == "USED"

    def test_is_said_on_the_page_of_the_receipt(
        self, till, vera, used, desk_client, olga
    ):
        till.record(receipt(phone=vera.phone, vouchers=[used.code]))
        row = Receipt.objects.order_by("pk").last()
        client = desk_client(olga)
        client.cookies["language"] = "en"

        page = client.get(
            reverse("purchases:receipt", args=[vera.public_id, row.public_id])
        )

        assert "voucher that another purchase had used" in page.content.decode()


class TestReturn:
    def test_of_what_a_voucher_paid_gives_the_voucher_back(self, till, vera):
        """F22: goods that a voucher paid come back, and the till is not stopped."""
        voucher = voucher_of(till, vera)
        bought = receipt(
            line("99.00"), phone=vera.phone, vouchers=[voucher.code],
            paymentMethods=[
                {"type": "VOUCHER", "value": "50.00"},
                {"type": "CARD", "value": "49.00"},
            ],
        )  # fmt: skip
        till.record(bought)

        till.record(
            receipt(
                return_line("99.00"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        voucher.refresh_from_db()
        assert voucher.status == "ISSUED"

    def test_that_came_before_its_purchase_takes_the_voucher_it_made(self, till, vera):
        bought = receipt(line("500.00"), phone=vera.phone)
        till.record(
            receipt(
                return_line("500.00"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        till.record(bought)

        left = Account.objects.get(member=vera).balance
        unused = Voucher.objects.filter(member=vera, status="ISSUED").count()
        assert (left, unused) == (0, 0)


class TestGiftCards:
    """F39: no voucher becomes money on a gift card."""

    CARD = line("500.00", sku="G", articleGroup="Presentkort")

    def test_alone_are_not_paid_by_a_voucher(self, till, vera):
        voucher = voucher_of(till, vera)

        refused = till.send(
            receipt(self.CARD, phone=vera.phone, vouchers=[voucher.code])
        )

        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == (
            ("/vouchers/0", "voucher_for_gift_card")
        )
        assert error["detail"] == "En värdecheck kan inte betala ett presentkort."
        voucher.refresh_from_db()
        assert voucher.status == "ISSUED"

    def test_beside_goods_are_not_what_the_voucher_paid_for(self, till, vera):
        voucher = voucher_of(till, vera)

        till.record(
            receipt(self.CARD, line("40.00"), phone=vera.phone, vouchers=[voucher.code])
        )

        used = Redemption.objects.get(voucher=voucher)
        assert used.amount == Decimal("40.00")

    def test_that_come_back_give_no_voucher_back(self, till, vera):
        voucher = voucher_of(till, vera)
        bought = receipt(
            self.CARD, line("40.00"), phone=vera.phone, vouchers=[voucher.code]
        )
        till.record(bought)

        till.record(
            receipt(
                return_line("500.00", sku="G", articleGroup="Presentkort"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        voucher.refresh_from_db()
        assert voucher.status == "USED"

    def test_stamp_no_card(self, programme, till, vera):
        staff = StaffFactory(programme=programme)
        stamp_card(programme, staff, needed=2, goods=goods(), counts="ITEMS")

        till.record(receipt(self.CARD, line("40.00"), phone=vera.phone))

        assert Stamp.objects.filter(member=vera).count() == 1
