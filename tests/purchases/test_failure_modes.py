"""Ways in which other systems went wrong, tried on receipts.

F8 to F23 and F29 to F40 of the list of failure modes. Tried elsewhere: retries (F8) in
test_once and test_permutations; a till that was cut off (F9) in
test_worked_examples/test_days; loading twice (F14) in test_loader; subsets and orders
of returns (F16) in test_permutations; exchanges (F17), boundaries of rounding (F37) and
kinds of lines (F38) in test_worked_examples/test_rates; another version since (F18) in
test_purchases_and_returns; thresholds (F20) and points that were used (F21) in
test_policies; goods that a voucher paid (F22) in test_vouchers; the zone of a period
and its last day (F29, F30) and the nights in which clocks change (F32) in test_when and
test_days; cash in whole kronor (F36) in test_purchases_and_returns.

Not possible here: baskets that leak into each other (F13), for a receipt is one
finished purchase and nothing is kept of open ones; another test of validity for each
channel (F31), for every channel asks the one SQL function of offers.
"""

import random
from decimal import Decimal

import pytest

from offers.models import Voucher
from points import proof
from points.models import Entry
from points.services import post
from points.terms import (
    Discounts,
    Multiplier,
    Rounding,
    Tax,
    Terms,
    VoucherMode,
    When,
)
from purchases.models import Receipt
from tests.factories.offers import rule_with
from tests.factories.purchases import BOUGHT_AT, TillClient, line, return_line
from tests.factories.purchases import receipt as sent
from tests.factories.stores import ApiKeyFactory, StoreFactory
from tests.purchases.books import Books, back, decide, item, receipt, version

VAT = ("25.00", "12.00", "6.00")


def priced(chance, paid=None):
    percent = Decimal(chance.choice(VAT))
    amount = Decimal(paid or f"{chance.randint(1, 20000) / 100:.2f}")
    return {
        "paid": str(amount),
        "tax_percent": percent,
        "tax_amount": (amount * percent / (100 + percent)).quantize(Decimal("0.01")),
    }


class TestTwoTabs:
    @pytest.mark.django_db
    def test_that_upload_one_queue_record_it_once(self, till, vera, programme):
        """F10: the key is the till's own id, whoever sends it and by which key."""
        other = TillClient(ApiKeyFactory(programme=programme))
        queue = [sent(line("10.00"), phone=vera.phone) for _each in range(5)]

        for each in queue:
            till.record(each)
        for each in reversed(queue):
            other.record(each)

        assert Entry.objects.filter(member=vera).count() == 5


class TestEveryChannel:
    @pytest.mark.django_db
    def test_moves_points_with_the_receipt_itself(self, till, vera, programme):
        """F11, F12: bought in the shop, used, and brought back on the web."""
        StoreFactory(programme=programme, code="web", kind="WEB")
        bought = sent(line("300.00"), phone=vera.phone)
        till.record(bought)
        post(
            member_id=vera.pk, kind=Entry.Kind.SPEND, points=-100, key="web-order",
            at=BOUGHT_AT, now=BOUGHT_AT,
        )  # fmt: skip

        answer = till.record(
            sent(
                return_line("300.00"),
                phone=vera.phone,
                storeExternalId="web",
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert (answer["pointsReversed"], answer["pointsBalance"]) == (300, -100)
        assert not proof.check().differences


class TestBuyingAndBringingBack:
    @pytest.mark.parametrize("rounding", list(Rounding))
    def test_a_hundred_times_gains_nothing(self, rounding):
        """F15: with any rounding, in parts, with and without the line's number."""
        chance = random.Random(15)
        terms = Terms(
            rounding=rounding, multipliers=(Multiplier("x", Decimal("1.37"), When()),)
        )
        books = Books((BOUGHT_AT, version(terms, points_per_unit=Decimal("0.07"))))
        for _time in range(100):
            lines = [
                item(sku=f"S{place}", **priced(chance))
                for place in range(chance.randint(1, 4))
            ]
            bought = receipt(*lines)
            books.send(bought)
            for place, each in enumerate(chance.sample(lines, len(lines))):
                named = bought.lines[lines.index(each)].number if place % 2 else None
                part = (each.gross_paid / 3).quantize(Decimal("0.01"))
                for paid in (part, each.gross_paid - part):
                    again = back(paid, sku=each.sku, original_number=named)
                    books.send(receipt(again, original=bought))
            assert books.balances[1] == 0


class TestPartsOfAReturn:
    def test_take_what_the_whole_gave(self):
        """F19, F23: random parts, again and again; the parts add up, line by line."""
        chance = random.Random(19)
        terms = Terms(tax=Tax.WITHOUT, discounts=Discounts.BEFORE)
        for _time in range(100):
            books = Books((BOUGHT_AT, version(terms)))
            lines = [
                item(sku=f"S{place}", discount="17.35", **priced(chance))
                for place in range(3)
            ]
            bought = receipt(*lines)
            books.send(bought)
            left = {place: each.gross_paid for place, each in enumerate(lines)}
            while any(left.values()):
                place = chance.choice([each for each, rest in left.items() if rest])
                part = min(left[place], Decimal(chance.randint(1, 9000)) / 100)
                left[place] -= part
                books.send(receipt(back(part, sku=f"S{place}"), original=bought))
                assert books.balances[1] >= 0
            kept = books.receipts[bought.unique_receipt_id]
            assert kept.returned_exact == kept.verdict.exact
            assert kept.returned_eligible == kept.verdict.eligible
            assert books.balances[1] == 0


class TestFullDiscount:
    @pytest.mark.parametrize("tax", list(Tax))
    def test_leaves_exactly_nothing(self, tax):
        """F33, F35: baskets at three rates of VAT, given away to the last öre."""
        chance = random.Random(33)
        rule = version(Terms(tax=tax, rounding=Rounding.UP))
        for _time in range(200):
            free = [
                item(discount=f"{chance.randint(1, 99999) / 100:.2f}",
                     **priced(chance, "0.00"))
                for _line in range(chance.randint(1, 5))
            ]  # fmt: skip
            verdict = decide(receipt(*free), rule)
            assert (verdict.exact, verdict.eligible, verdict.points) == (0, 0, 0)

    def test_of_dust_is_no_point(self):
        """F35: ten times 0.10 is one krona, to the last digit."""
        rule = version(points_per_unit=Decimal("1"))

        assert decide(receipt(*[item("0.10")] * 10), rule).points == 1
        assert decide(receipt(*[item("0.10")] * 9, item("0.09")), rule).points == 0


class TestOneReckoning:
    @pytest.mark.django_db
    def test_gives_the_till_what_is_stored(self, till, vera):
        """F34: the till shows what the server worked out, and shares that add up."""
        answer = till.record(
            sent(line("33.35"), line("33.35"), line("11.32"), phone=vera.phone)
        )

        stored = Receipt.objects.get()
        assert stored.exact == Decimal("78.02")
        assert answer["pointsEarned"] == stored.points == 78
        assert sum(each["points"] for each in answer["lines"]) == 78


class TestStoredValue:
    @pytest.mark.django_db
    def test_never_tops_itself_up(self, till, vera):
        """F39: a gift card that is bought, with another gift card or not, earns not."""
        answer = till.record(
            sent(
                line("500.00", articleGroup="Presentkort"),
                phone=vera.phone,
                paymentMethods=[{"type": "GIFTCARD", "value": "500.00"}],
            )
        )

        assert answer["noPointsReason"] == "nothing_earns"

    @pytest.mark.django_db
    def test_of_todays_points_pays_nothing_today(
        self, programme, shop, api_key, vera, time_machine
    ):
        """F40: the voucher that a purchase makes is there for the next one."""
        time_machine.move_to(BOUGHT_AT, tick=False)
        rule_with(programme, mode=VoucherMode.AUTOMATIC)
        till = TillClient(api_key)
        till.record(sent(line("500.00"), phone=vera.phone))
        first = Voucher.objects.get()

        till.record(sent(line("500.00"), phone=vera.phone, vouchers=[first.code]))

        made = Voucher.objects.exclude(pk=first.pk).get()
        first.refresh_from_db()
        assert (first.status, made.status) == ("USED", "ISSUED")
