"""Money in and out."""

from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from common.money import Money, NotMoney, display, parse_amount, round_money


class TestParseAmount:
    @pytest.mark.parametrize(
        ("sent", "read"),
        [
            ("129.50", "129.50"),
            (129.5, "129.50"),
            (0.1, "0.10"),
            (100, "100.00"),
            ("-12.3", "-12.30"),
            ("1e2", "100.00"),
        ],
    )
    def test_reads_what_was_written(self, sent: object, read: str) -> None:
        assert parse_amount(sent) == Decimal(read)

    @pytest.mark.parametrize(
        "sent",
        ["", "abc", "NaN", "Infinity", "1.005", 1.005, "1e30", True, None, [], "１,5"],
    )
    def test_refuses_what_is_not_an_exact_amount(self, sent: object) -> None:
        with pytest.raises(NotMoney):
            parse_amount(sent)

    @given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
    def test_keeps_every_oere(self, amount: Decimal) -> None:
        assert parse_amount(str(amount)) == amount


class TestRoundMoney:
    def test_rounds_half_an_oere_up_as_receipts_do(self) -> None:
        assert round_money(Decimal("2.675")) == Decimal("2.68")
        assert round_money(Decimal("-2.675")) == Decimal("-2.68")


class TestMoney:
    def test_adds_and_subtracts_in_one_currency(self) -> None:
        price, discount = Money(Decimal(100), "SEK"), Money(Decimal("20.50"), "SEK")

        assert price - discount + discount == price

    def test_refuses_to_mix_currencies(self) -> None:
        with pytest.raises(NotMoney):
            Money(Decimal(1), "SEK") + Money(Decimal(1), "DKK")


class TestDisplay:
    @pytest.mark.parametrize(
        ("language", "amount", "currency", "shown"),
        [
            ("sv", "1249", "SEK", "1\u00a0249\u00a0kr"),
            ("sv", "12.5", "SEK", "12,50\u00a0kr"),
            ("da", "1249.95", "DKK", "1.249,95\u00a0kr."),
            ("en", "1249.95", "SEK", "1\u00a0249.95\u00a0kr"),
            ("sv", "-50", "SEK", "-50\u00a0kr"),
        ],
    )
    def test_writes_amounts_as_the_language_does(
        self, language: str, amount: str, currency: str, shown: str
    ) -> None:
        with translation.override(language):
            assert display(Decimal(amount), currency) == shown
