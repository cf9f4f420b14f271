"""What a line gives: bases, multipliers, stacking, rounding, currencies."""

from dataclasses import replace
from decimal import Decimal

import pytest

from points.terms import (
    Discounts,
    Goods,
    Money,
    Multiplier,
    Rounding,
    Stacking,
    Tax,
    Terms,
    When,
)
from purchases.models import Receipt, ReceiptLine
from purchases.rules import NoPoints
from tests.factories.purchases import line, return_line
from tests.factories.purchases import receipt as sent
from tests.purchases.books import back, decide, item, receipt, version
from tests.purchases.test_worked_examples.conftest import balance

COFFEE = When(goods=Goods(groups=("Kaffe",)))
DOUBLE_COFFEE = Multiplier("coffee", Decimal(2), COFFEE)


def points(rule, *lines, **fields):
    return decide(receipt(*lines, **fields), rule).points


class TestBase:
    """125 kr with 25 kr VAT, after 31.25 kr of discount."""

    @pytest.mark.parametrize(
        ("tax", "discounts", "expected"),
        [
            (Tax.WITH, Discounts.AFTER, 125),
            (Tax.WITHOUT, Discounts.AFTER, 100),
            (Tax.WITH, Discounts.BEFORE, 156),
            # 156.25 kr with 31.25 kr VAT.
            (Tax.WITHOUT, Discounts.BEFORE, 125),
        ],
    )
    def test_is_the_money_that_the_version_names(self, tax, discounts, expected):
        rule = version(Terms(tax=tax, discounts=discounts))

        assert points(rule, item("125.00", discount="31.25")) == expected

    @pytest.mark.parametrize("percent", ["25", "12", "6", "0"])
    def test_of_what_was_given_away_has_the_vat_of_its_rate(self, percent):
        rule = version(Terms(tax=Tax.WITHOUT, discounts=Discounts.BEFORE))
        free = item(
            "0.00",
            discount=str(100 + int(percent)),
            tax_amount=Decimal(0),
            tax_percent=Decimal(percent),
        )

        assert points(rule, free) == 100

    @pytest.mark.parametrize("tax", list(Tax))
    def test_of_what_was_given_away_is_nothing_after_discounts(self, tax):
        verdict = decide(
            receipt(item("0.00", discount="249.00")), version(Terms(tax=tax))
        )

        assert (verdict.points, verdict.exact) == (0, 0)
        assert verdict.reason is NoPoints.NOTHING_EARNS

    def test_takes_a_discount_of_either_sign_as_taken_off(self):
        rule = version(Terms(discounts=Discounts.BEFORE))

        assert points(rule, item("80.00", discount="20.00")) == 100
        assert points(rule, item("80.00", discount="-20.00")) == 100


class TestLineKinds:
    """Every kind of line, and whether it earns."""

    @pytest.mark.parametrize(
        ("fields", "earns"),
        [
            ({}, True),
            ({"group": "Presentkort"}, False),
            ({"group": "Gift-Card"}, False),
            ({"group": "gavekort"}, False),
            ({"group": "Tobak"}, False),
            ({"awards_bonus": False}, False),
            ({"sku": "FRAKT"}, False),
            ({"group": "Panta"}, True),
        ],
    )
    def test_earns_only_as_goods(self, fields, earns):
        rule = version(
            Terms(excluded=Goods(skus=("FRAKT",))), excluded_groups=frozenset({"TOBAK"})
        )

        assert points(rule, item("100.00", **fields)) == (100 if earns else 0)


class TestStacking:
    TERMS = Terms(
        multipliers=(
            DOUBLE_COFFEE,
            Multiplier("weekend", Decimal(3), When(weekdays=(6, 7))),
        )
    )

    @pytest.mark.parametrize(
        ("stacking", "expected", "reasons"),
        [
            (Stacking.BEST, 300, ("weekend",)),
            (Stacking.ADD, 400, ("coffee", "weekend")),
            (Stacking.MULTIPLY, 600, ("coffee", "weekend")),
        ],
    )
    def test_says_what_two_multipliers_make_together(self, stacking, expected, reasons):
        rule = version(replace(self.TERMS, stacking=stacking))

        verdict = decide(receipt(item("100.00", group="kaffe")), rule)

        assert verdict.points == expected
        assert verdict.lines[0].multipliers == reasons

    def test_of_equals_names_the_first(self):
        twice = (DOUBLE_COFFEE, replace(DOUBLE_COFFEE, key="again"))
        verdict = decide(
            receipt(item("10.00", group="Kaffe")), version(Terms(multipliers=twice))
        )

        assert verdict.lines[0].multipliers == ("coffee",)


class TestRounding:
    @pytest.mark.parametrize(
        ("paid", "down", "nearest", "up"),
        [
            ("99.00", 99, 99, 99),
            ("99.01", 99, 99, 100),
            ("99.49", 99, 99, 100),
            ("99.50", 99, 100, 100),
            ("99.99", 99, 100, 100),
            ("0.01", 0, 0, 1),
            ("0.49", 0, 0, 1),
            ("0.50", 0, 1, 1),
        ],
    )
    def test_is_the_versions_at_its_boundary(self, paid, down, nearest, up):
        found = [
            points(version(Terms(rounding=each)), item(paid))
            for each in (Rounding.DOWN, Rounding.NEAREST, Rounding.UP)
        ]

        assert found == [down, nearest, up]

    @pytest.mark.parametrize("rounding", list(Rounding))
    def test_is_of_the_receipt_and_not_of_its_lines(self, rounding):
        rule = version(Terms(rounding=rounding), points_per_unit=Decimal("0.1"))
        whole = points(rule, item("99.90"))

        assert points(rule, *[item("33.30")] * 3) == whole

    @pytest.mark.parametrize("rounding", list(Rounding))
    def test_gives_the_lines_shares_that_add_up(self, rounding):
        rule = version(Terms(rounding=rounding), points_per_unit=Decimal("0.1"))
        bought = decide(receipt(item("55.50"), item("44.40"), item("0.05")), rule)

        assert sum(bought.line_points) == bought.points


class TestCurrency:
    TERMS = Terms(currencies={"EUR": Money(Decimal(11), Decimal("0.009"))})

    def test_earns_by_its_own_rate_and_says_the_worth_in_it(self, till, vera, publish):
        publish(self.TERMS)

        answer = till.record(sent(line("20.00"), phone=vera.phone, currency="EUR"))

        assert (answer["pointsEarned"], answer["pointsBalance"]) == (220, 220)
        assert (answer["pointsBalanceWorth"], answer["currency"]) == ("1.98", "EUR")

    def test_that_the_version_does_not_name_earns_nothing(self, till, vera, publish):
        publish(self.TERMS)

        answer = till.record(sent(line("200.00"), phone=vera.phone, currency="NOK"))

        assert answer["pointsEarned"] == 0
        assert answer["noPointsReason"] == "other_currency"
        assert answer["pointsBalanceWorth"] is None

    def test_given_back_in_another_takes_the_pieces_points(self, till, vera, publish):
        publish(self.TERMS)
        bought = sent(
            line("20.00", sku="A"), line("30.00", sku="B"), phone=vera.phone,
            currency="EUR",
        )  # fmt: skip
        till.record(bought)

        answer = till.record(
            sent(
                return_line("219.00", sku="A"),
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert answer["pointsReversed"] == 220
        assert balance(vera) == 330


class TestCatalogue:
    def test_gives_the_category_and_brand_that_a_version_asks_for(
        self, till, vera, publish, programme
    ):
        publish(
            Terms(
                excluded=Goods(brands=("Marlboro",)),
                multipliers=(
                    Multiplier("c", Decimal(2), When(goods=Goods(categories=("te",)))),
                ),
            )
        )
        for sku, category, brand in (("T", "Te", "Lipton"), ("M", "", "MARLBORO")):
            programme.products.create(sku=sku, name=sku, category=category, brand=brand)

        answer = till.record(
            sent(
                line("10.00", sku="T"),
                line("10.00", sku="M"),
                line("10.00", sku="?"),
                phone=vera.phone,
            )
        )

        assert [each["points"] for each in answer["lines"]] == [20, 0, 10]


class TestStoredLine:
    def test_keeps_its_rate_and_why(self, till, vera, publish):
        publish(Terms(multipliers=(DOUBLE_COFFEE,)), points_per_unit=Decimal("0.5"))

        till.record(
            sent(
                line("99.90", articleGroup="Kaffe"),
                line("10.00"),
                line("50.00", awardsBonus=False),
                phone=vera.phone,
            )
        )

        lines = ReceiptLine.objects.order_by("number")
        assert [(each.rate, each.multipliers) for each in lines] == [
            (Decimal(1), ["coffee"]),
            (Decimal("0.5"), []),
            (0, []),
        ]
        stored = Receipt.objects.get()
        assert (stored.exact, stored.eligible) == (Decimal("104.9"), Decimal("109.90"))

    def test_of_a_return_keeps_at_which_rate_it_took(self, till, vera, publish):
        publish(Terms(multipliers=(DOUBLE_COFFEE,)))
        bought = sent(line("99.00", articleGroup="Kaffe"), phone=vera.phone)
        till.record(bought)

        till.record(
            sent(return_line("49.50"), originalReceipt=bought["uniqueReceiptId"])
        )

        taken = ReceiptLine.objects.get(kind="RETURN")
        assert (taken.rate, taken.points) == (2, -99)


class TestExchange:
    def test_counts_only_what_is_bought_towards_a_least_total(self):
        """F17: what comes back neither helps nor spoils the new purchase."""
        rule = version(
            Terms(
                multipliers=(
                    Multiplier("big", Decimal(2), When(least_total=Decimal(500))),
                )
            )
        )
        fields = {"contact": None}

        assert points(rule, item("500.00"), back("400.00")) == 1000
        assert points(rule, item("499.99"), back("400.00")) == 499
        assert decide(receipt(item("500.00"), **fields), rule).points == 0
