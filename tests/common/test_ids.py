"""Ids and check digits."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from common.ids import has_valid_check_digit, luhn_digit, uuid7


class TestUuid7:
    def test_is_a_version_7_uuid_of_the_rfc_variant(self) -> None:
        made = uuid7()

        assert made.version == 7
        assert made.variant == uuid.RFC_4122

    def test_never_repeats_and_sorts_by_time_of_making(self) -> None:
        made = [uuid7() for _ in range(2000)]

        milliseconds = [value.int >> 80 for value in made]

        assert len(set(made)) == 2000
        assert milliseconds == sorted(milliseconds)


class TestLuhnDigit:
    def test_agrees_with_the_standards_own_example(self) -> None:
        # ISO/IEC 7812-1, annex B.
        assert luhn_digit("7992739871") == "3"

    @given(st.from_regex(r"\A[0-9]{1,20}\Z"))
    def test_completes_any_digits_to_a_valid_number(self, digits: str) -> None:
        assert has_valid_check_digit(digits + luhn_digit(digits))

    @given(st.from_regex(r"\A[0-9]{6,12}\Z"), st.data())
    def test_notices_one_wrong_digit(self, digits: str, data: st.DataObject) -> None:
        number = digits + luhn_digit(digits)
        place = data.draw(st.integers(0, len(number) - 1))
        wrong = data.draw(st.sampled_from("0123456789").filter(number[place].__ne__))

        mistyped = number[:place] + wrong + number[place + 1 :]

        assert not has_valid_check_digit(mistyped)

    def test_refuses_what_is_not_plain_digits(self) -> None:
        assert not has_valid_check_digit("")
        assert not has_valid_check_digit("7")
        assert not has_valid_check_digit("79927398713 ")
        assert not has_valid_check_digit("７９９２７３９８７１３")
