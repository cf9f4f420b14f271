from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy

from common.ui.csv import BYTE_ORDER_MARK, cell, csv_lines, csv_response


class TestCell:
    @pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
    def test_disarms_text_that_a_spreadsheet_would_run(self, first):
        assert cell(f"{first}1+1") == f"'{first}1+1"

    def test_disarms_a_phone_number_too(self):
        assert cell("+46701740605") == "'+46701740605"

    def test_leaves_plain_text_alone(self):
        assert cell("Åsa = bra") == "Åsa = bra"

    def test_leaves_numbers_summable(self):
        assert cell(-40) == "-40"
        assert cell(Decimal("-12.50"), decimal=",") == "-12,50"

    def test_writes_days_and_moments_for_machines(self):
        assert cell(date(2026, 11, 22)) == "2026-11-22"
        assert cell(datetime(2026, 11, 22, 9, 41)) == "2026-11-22 09:41:00"  # noqa: DTZ001

    def test_leaves_what_is_not_known_empty(self):
        assert cell(None) == ""


class TestCsvLines:
    def test_separates_by_semicolon_where_the_comma_is_a_decimal_mark(self):
        with translation.override("sv"):
            lines = list(csv_lines([["Namn", "Kronor"], ["Åsa; Ek", Decimal("1.50")]]))

        assert lines == [BYTE_ORDER_MARK, "Namn;Kronor\r\n", '"Åsa; Ek";1,50\r\n']

    def test_separates_by_comma_in_english(self):
        with translation.override("en"):
            lines = list(csv_lines([["Name", Decimal("1.50")]]))

        assert lines[1] == "Name,1.50\r\n"


class TestCsvResponse:
    def test_speaks_the_language_of_the_request_when_it_is_read_later(self):
        with translation.override("en"):
            response = csv_response(
                [[gettext_lazy("Members"), Decimal("1.5")]], name="m"
            )

        with translation.override("sv"):
            text = response.getvalue().decode()

        assert text == f"{BYTE_ORDER_MARK}Members,1.5\r\n"
