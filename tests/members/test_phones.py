"""Mobile numbers as people write them; the spellings themselves are in a table."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phonenumbers import is_valid_number, parse

from members import phones
from members.phones import PhoneInvalid
from tests.members.spellings import READ, REFUSED

COUNTRIES = ["SE", "DK", "NO", "FI"]
CODES = {"empty", "not_a_number", "too_short", "too_long", "not_valid", "not_mobile"}
# The beginning of series that are mobile throughout, how many digits follow, and
# whether a zero stands before the number at home.
SERIES = [
    ("SE", "46", "70", 7, "0"),
    ("SE", "46", "73", 7, "0"),
    ("SE", "46", "76", 7, "0"),
    ("DK", "45", "20", 6, ""),
    ("DK", "45", "312", 5, ""),
    ("NO", "47", "412", 5, ""),
    ("NO", "47", "92", 6, ""),
    ("FI", "358", "40", 7, "0"),
    ("FI", "358", "50", 7, "0"),
]
SEPARATORS = ["", "", "", " ", "-", ".", "/", "\u00a0", "\u202f", "\u2011", "\u2013"]


@st.composite
def spelled(draw):
    """Return a number as somebody writes it, where, and the number."""
    country, calling, start, count, zero = draw(st.sampled_from(SERIES))
    rest = draw(st.text(alphabet="0123456789", min_size=count, max_size=count))
    national = start + rest
    assume(is_valid_number(parse(f"+{calling}{national}")))
    prefix = draw(
        st.sampled_from(
            [
                zero,
                f"+{calling}",
                f"00{calling}",
                f"(+{calling}) ",
                f"+{calling}({zero})" if zero else f"+{calling} ",
                f"tel:+{calling}-",
                calling,
            ]
        )
    )
    digits = "".join(digit + draw(st.sampled_from(SEPARATORS)) for digit in national)
    if draw(st.booleans()):
        digits = digits.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    around = draw(st.sampled_from(["", " ", "\n", "\u200e", "\t"]))
    return f"{around}{prefix}{digits}{around}", country, f"+{calling}{national}"


class TestNormalize:
    @pytest.mark.parametrize(("country", "typed", "expected"), READ)
    def test_reads_numbers_as_people_write_them(self, country, typed, expected):
        assert phones.normalize(typed, country=country) == expected
        assert phones.normalize(expected, country=country) == expected

    def test_is_held_against_enough_spellings_of_every_country(self):
        assert len(set(READ)) == len(READ) >= 120
        assert {country for country, _typed, _number in READ} == {*COUNTRIES}

    @pytest.mark.parametrize(("country", "typed", "code"), REFUSED)
    def test_refuses_what_is_no_mobile_number_and_says_why(self, country, typed, code):
        with pytest.raises(PhoneInvalid) as refused:
            phones.normalize(typed, country=country)

        assert refused.value.code == code
        assert refused.value.messages[0]

    def test_shows_an_example_of_the_country(self):
        with pytest.raises(PhoneInvalid) as refused:
            phones.normalize("what?", country="DK")

        assert "34 41 23 45" in refused.value.messages[0]

    @settings(max_examples=400)
    @given(
        st.text()
        | st.text(alphabet="0123456789+-() \u00a0０４６;=#xTeL:", max_size=44)
        | spelled().map(lambda written: written[0]),
        st.sampled_from(COUNTRIES),
    )
    def test_never_crashes_and_changes_nothing_the_second_time(self, typed, country):
        try:
            once = phones.normalize(typed, country=country)
        except PhoneInvalid as error:
            refused = error
        else:
            refused = None
        if refused is not None:
            assert refused.code in CODES
            return

        assert phones.normalize(once, country=country) == once
        assert phones.is_mobile(once)
        # Wherever it is read the next time, too.
        assert {phones.normalize(once, country=each) for each in COUNTRIES} == {once}

    @settings(max_examples=400)
    @given(spelled())
    def test_finds_the_same_number_however_it_is_written(self, written):
        typed, country, number = written

        assert phones.normalize(typed, country=country) == number


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
