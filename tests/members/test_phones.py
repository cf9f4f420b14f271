import pytest
from hypothesis import given
from hypothesis import strategies as st

from members import phones
from members.phones import PhoneInvalid


class TestNormalize:
    @pytest.mark.parametrize(
        "typed",
        [
            "0701234567",
            "070-123 45 67",
            "070 - 123 45 67",
            "070.123.45.67",
            "070/123 45 67",
            "(070) 123 45 67",
            "+46 70 123 45 67",
            "+46701234567",
            "0046 70 123 45 67",
            "00 46 70 123 45 67",
            "+46(0)70-123 45 67",
            "+46 (0) 70 123 45 67",
            "+460701234567",
            "46(0)701234567",
            "460701234567",
            "46701234567",
            "701234567",
            "  0701234567\n",
            "070\u2011123\u00a045\u202f67",
            "070\u2212123\u200b4567",
            "\u202d0701234567\u202c",
            "０７０１２３４５６７",
            "＋46 70 123 45 67",
        ],
    )
    def test_reads_every_way_to_write_a_swedish_number(self, typed):
        assert phones.normalize(typed, country="SE") == "+46701234567"

    @pytest.mark.parametrize(
        ("typed", "country", "expected"),
        [
            ("20 12 34 56", "DK", "+4520123456"),
            ("+45 20 12 34 56", "SE", "+4520123456"),
            ("0045 20 12 34 56", "SE", "+4520123456"),
            ("4520123456", "SE", "+4520123456"),
            ("412 34 567", "NO", "+4741234567"),
            ("+47 412 34 567", "SE", "+4741234567"),
            ("4741234567", "SE", "+4741234567"),
            ("040 1234567", "FI", "+358401234567"),
            ("40 1234567", "FI", "+358401234567"),
            ("+358 (0)40 1234567", "SE", "+358401234567"),
            ("+358 40 1234567", "DK", "+358401234567"),
            ("358401234567", "SE", "+358401234567"),
            ("+46 70 123 45 67", "DK", "+46701234567"),
            ("46701234567", "DK", "+46701234567"),
        ],
    )
    def test_reads_the_neighbors_numbers(self, typed, country, expected):
        assert phones.normalize(typed, country=country) == expected

    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            ("", "empty"),
            (" - ", "empty"),
            ("vera", "not_a_number"),
            ("070 VANITY", "not_a_number"),
            ("0701234567 ext 5", "not_a_number"),
            ("tel:0701234567", "not_a_number"),
            ("070+1234567", "not_a_number"),
            ("0701234567; 0707654321", "not_a_number"),
            ("070\x001234567", "not_a_number"),
            ("٠٧٠١٢٣٤٥٦٧", "not_a_number"),
            ("07", "too_short"),
            ("07012", "too_short"),
            ("00", "too_short"),
            ("07012345678901234", "too_long"),
            ("0" * 41, "too_long"),
            ("+999 123 456 78", "not_valid"),
            ("+46", "not_valid"),
            ("07012345678", "not_valid"),
            ("08-123 456 78", "not_mobile"),
            ("+46 8 123 456 78", "not_mobile"),
            ("0455-200 00", "not_mobile"),
            ("+47 22 12 34 56", "not_mobile"),
            ("+358 9 1234567", "not_mobile"),
            ("0740-12 34 56", "not_mobile"),
            ("020-123 456", "not_mobile"),
        ],
    )
    def test_refuses_what_is_no_mobile_number_and_says_why(self, typed, code):
        with pytest.raises(PhoneInvalid) as refused:
            phones.normalize(typed, country="SE")

        assert refused.value.code == code
        assert refused.value.messages[0]

    def test_shows_an_example_of_the_country(self):
        with pytest.raises(PhoneInvalid) as refused:
            phones.normalize("what?", country="DK")

        assert "34 41 23 45" in refused.value.messages[0]

    @given(
        st.text() | st.text(alphabet="0123456789+-() \u00a0０４６", max_size=24),
        st.sampled_from(["SE", "DK", "NO", "FI"]),
    )
    def test_never_crashes_and_changes_nothing_the_second_time(self, typed, country):
        try:
            once = phones.normalize(typed, country=country)
        except PhoneInvalid:
            return

        assert phones.normalize(once, country=country) == once
        assert phones.is_mobile(once)

    @given(
        st.sampled_from(["+4670", "+4673", "+4520", "+45312", "+47412", "+35840"]),
        st.integers(0, 9_999_999),
        st.sampled_from(["SE", "DK", "NO", "FI"]),
        st.data(),
    )
    def test_finds_the_same_number_however_it_is_spaced(
        self, start, rest, country, data
    ):
        number = f"{start}{rest}"
        try:
            plain = phones.normalize(number, country=country)
        except PhoneInvalid:
            return
        typed = "".join(
            digit + data.draw(st.sampled_from(["", " ", "-", "\u00a0"]))
            for digit in number
        )

        assert phones.normalize(typed, country=country) == plain
        assert phones.normalize(f"00{plain[1:]}", country=country) == plain


class TestIsMobile:
    def test_tells_a_mobile_from_a_landline(self):
        assert phones.is_mobile("+46701234567")
        assert not phones.is_mobile("+46812345678")
        assert not phones.is_mobile("")


class TestDisplay:
    def test_writes_a_number_as_the_country_does(self):
        assert phones.display("+46701234567", "SE") == "070-123 45 67"
        assert phones.display("+4520123456", "DK") == "20 12 34 56"

    def test_writes_a_foreign_number_with_its_country_code(self):
        assert phones.display("+4520123456", "SE") == "+45 20 12 34 56"


class TestMask:
    def test_shows_the_ends_of_a_number(self):
        assert phones.mask("+46701234567") == "07•-••• •• 67"
        assert phones.mask("+4520123456") == "+45 •• •• •• 56"
        assert phones.mask("") == ""

    def test_shows_the_ends_of_an_address(self):
        assert phones.mask_email("vera@ljung.se") == "v•••@l•••.se"
        assert phones.mask_email("") == ""
