"""F38: what a voucher pays earns nothing, whichever way the till reports it."""

import random
import re
from decimal import Decimal
from itertools import permutations

import pytest

from points.rules import group_name
from points.terms import Discounts, Goods, Multiplier, Rounding, Tax, Terms, When
from purchases.documents import PaymentDocument
from purchases.rules import NoPoints, PaymentIn, paid_by_vouchers
from purchases.rules.tender import VOUCHERS
from tests.purchases.books import BOUGHT_AT, Books, back, decide, item, receipt, version


def paid(**parts):
    """Payments: `paid(VOUCHER="100.00", CARD="198.00")`."""
    return tuple(PaymentIn(kind, Decimal(amount)) for kind, amount in parts.items())


def shared(*lines, **parts):
    """What vouchers paid of each line, as written."""
    found = paid_by_vouchers(receipt(*lines, payments=paid(**parts)))
    return [str(each) for each in found]


class TestVoucher:
    """Goods for 298 kr, of which a voucher of 100 kr paid a part."""

    @pytest.mark.parametrize(
        ("tax", "discounts", "expected"),
        [
            (Tax.WITH, Discounts.AFTER, 198),
            # 198 kr with 39.60 kr VAT.
            (Tax.WITHOUT, Discounts.AFTER, 158),
            (Tax.WITH, Discounts.BEFORE, 298),
            (Tax.WITHOUT, Discounts.BEFORE, 238),
        ],
    )
    def test_earns_not_where_what_you_pay_counts(self, tax, discounts, expected):
        rule = version(Terms(tax=tax, discounts=discounts))
        bought = receipt(
            item("199.00"),
            item("99.00"),
            payments=paid(VOUCHER="100.00", CARD="198.00"),
        )

        assert decide(bought, rule).points == expected

    @pytest.mark.parametrize("tax", list(Tax))
    @pytest.mark.parametrize("discounts", list(Discounts))
    def test_earns_alike_as_payment_and_as_discount(self, tax, discounts):
        rule = version(
            Terms(
                tax=tax,
                discounts=discounts,
                multipliers=(
                    Multiplier("x3", Decimal(3), When(least_total=Decimal(150))),
                    Multiplier("x2", Decimal(2), When(goods=Goods(skus=("S1",)))),
                ),
            )
        )
        as_payment = receipt(
            item("125.00", sku="S1"),
            item("75.00", sku="S2"),
            payments=paid(VOUCHER="40.00", CARD="160.00"),
        )
        as_discount = receipt(
            item("100.00", sku="S1", discount="25.00"),
            item("60.00", sku="S2", discount="15.00"),
        )

        one, other = decide(as_payment, rule), decide(as_discount, rule)

        assert one.points > 0
        assert (one.points, one.exact, one.eligible) == (
            (other.points, other.exact, other.eligible)
        )

    def test_that_pays_all_leaves_nothing_to_earn(self):
        verdict = decide(
            receipt(item("100.00"), payments=paid(VOUCHER="100.00")),
            version(Terms(rounding=Rounding.UP)),
        )

        assert (verdict.points, verdict.eligible) == (0, 0)
        assert verdict.reason is NoPoints.NOTHING_EARNS

    @pytest.mark.parametrize(
        "kind", ["VOUCHER", "Bonus-Check", "bonuscheck", "REWARD_VOUCHER", "Voucher"]
    )
    def test_is_known_however_its_kind_is_written(self, kind):
        assert shared(item("100.00"), **{kind: "30.00"}) == ["30.00"]

    def test_is_called_in_the_contract_what_is_known_here(self):
        told = str(PaymentDocument().fields["type"].help_text)
        kinds = set(re.findall(r"[A-Z]+_?[A-Z]+", told)) - {"CARD", "GIFTCARD"}

        assert len(kinds) == 6
        assert {group_name(kind) for kind in kinds} <= VOUCHERS

    @pytest.mark.parametrize(
        "kind", ["GIFTCARD", "Presentkort", "GIFT_VOUCHER", "CREDIT_NOTE", "CARD"]
    )
    def test_is_none_that_was_paid_for_when_it_was_bought(self, kind):
        bought = receipt(item("100.00"), payments=paid(**{kind: "100.00"}))

        assert decide(bought, version()).points == 100


class TestShares:
    def test_follow_the_prices_and_add_up(self):
        lines = [item("100.00"), item("100.00"), item("100.00")]

        assert shared(*lines, VOUCHER="50.00", CARD="250.00") == (
            ["16.67", "16.67", "16.66"]
        )

    def test_leave_gift_cards_out(self):
        card = item("500.00", group="Presentkort")

        assert shared(item("80.00"), card, VOUCHER="50.00") == ["50.00", "0.00"]
        # What is over pays for nothing that earns.
        assert shared(item("30.00"), card, VOUCHER="50.00") == ["30.00", "0.00"]

    def test_of_two_vouchers_are_one(self):
        lines = [item("60.00"), item("40.00")]
        payments = (
            PaymentIn("VOUCHER", Decimal("10.00")),
            PaymentIn("BONUSCHECK", Decimal("15.00")),
            PaymentIn("CARD", Decimal("75.00")),
        )

        assert paid_by_vouchers(receipt(*lines, payments=payments)) == (
            (Decimal("15.00"), Decimal("10.00"))
        )

    def test_never_pass_the_price_nor_lose_an_oere(self):
        chance = random.Random(38)
        for _time in range(300):
            lines = [
                item(f"{chance.randint(0, 9999) / 100:.2f}")
                for _line in range(chance.randint(1, 6))
            ]
            total = sum(line.gross_paid for line in lines)
            voucher = Decimal(chance.randint(0, int(total * 100))) / 100

            found = paid_by_vouchers(
                receipt(*lines, payments=(PaymentIn("VOUCHER", voucher),))
            )

            assert sum(found) == voucher
            assert all(
                0 <= share <= line.gross_paid
                for share, line in zip(found, lines, strict=True)
            )


class TestReturn:
    """300 kr of goods, of which a voucher paid 100 kr: 200 points."""

    LINES = (item("150.00", sku="A"), item("90.00", sku="B"), item("60.00", sku="C"))

    @pytest.mark.parametrize("rounding", list(Rounding))
    @pytest.mark.parametrize("tax", list(Tax))
    def test_takes_what_the_goods_gave_in_any_order(self, rounding, tax):
        rule = version(Terms(rounding=rounding, tax=tax))
        ends = set()
        for order in permutations(self.LINES):
            books = Books((BOUGHT_AT, rule))
            bought = receipt(
                *self.LINES, payments=paid(VOUCHER="100.00", CARD="200.00")
            )
            books.send(bought)
            assert books.balances[1] == (200 if tax is Tax.WITH else 160)
            for each in order[:-1]:
                books.send(
                    receipt(back(each.gross_paid, sku=each.sku), original=bought)
                )
            ends.add((order[-1].sku, books.balances[1]))
            books.send(
                receipt(back(order[-1].gross_paid, sku=order[-1].sku), original=bought)
            )
            assert books.balances[1] == 0
        # One end for each line that is kept, whatever came back first.
        assert len(ends) == 3

    def test_of_half_a_line_takes_half_of_what_it_earned(self):
        books = Books((BOUGHT_AT, version()))
        bought = receipt(item("100.00"), payments=paid(VOUCHER="40.00", CARD="60.00"))
        books.send(bought)

        books.send(receipt(back("50.00"), original=bought))

        assert books.balances[1] == 30

    def test_without_its_receipt_takes_nothing_for_what_comes_back_as_a_voucher(self):
        books = Books((BOUGHT_AT, version()))
        books.send(receipt(item("500.00")))

        books.send(
            receipt(back("100.00"), payments=paid(VOUCHER="-40.00", CARD="-60.00"))
        )

        assert books.balances[1] == 440

    def test_in_an_exchange_is_not_what_the_voucher_paid(self):
        bought = receipt(
            item("200.00"), back("100.00"), payments=paid(VOUCHER="50.00", CARD="50.00")
        )

        assert paid_by_vouchers(bought) == (Decimal("50.00"), Decimal("0.00"))
        assert decide(bought, version()).points == 150
