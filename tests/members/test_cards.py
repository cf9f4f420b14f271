from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members import cards
from tests.factories.members import REGISTERED_AT, MemberFactory


@pytest.fixture
def member():
    return MemberFactory.build(programme=None)


class TestNumber:
    @given(st.integers(0, 11), st.integers(1, 9))
    def test_shows_any_single_wrong_digit(self, place, difference):
        number = cards.new_number()
        wrong = str((int(number[place]) + difference) % 10)

        assert cards.is_number(number)
        assert not cards.is_number(number[:place] + wrong + number[place + 1 :])

    def test_is_drawn_by_the_thousand_as_one_by_one(self):
        drawn = [
            number
            for series in range(cards.SERIES)
            for number in cards.new_numbers(1_000, series=series)
        ]

        assert len(set(drawn)) == len(drawn) == 1_000 * cards.SERIES
        assert all(map(cards.is_number, drawn))
        assert all(number.startswith(cards.NUMBER_PREFIX) for number in drawn)
        # Every place of those that are drawn has every digit.
        assert all(
            len({number[place] for number in drawn}) == 10 for place in range(2, 12)
        )

    def test_of_one_series_is_never_drawn_in_another(self):
        def remainders(series):
            return {
                int(number[len(cards.NUMBER_PREFIX) : -1]) % cards.SERIES
                for number in cards.new_numbers(1_000, series=series)
            }

        found = [remainders(series) for series in range(cards.SERIES)]

        assert all(len(each) == 1 for each in found)
        assert len(set.union(*found)) == cards.SERIES
        assert remainders(3 + cards.SERIES) == found[3]

    def test_is_read_out_in_groups(self):
        assert cards.display_number("881234567890") == "8812 3456 7890"


class TestCardToken:
    def test_opens_to_the_member_for_fifteen_minutes(self, member):
        token = cards.card_token(member, now=REGISTERED_AT)

        for minutes, expected in ((0, member.public_id), (14, member.public_id)):
            at = REGISTERED_AT + timedelta(minutes=minutes)
            assert cards.read_token(token, now=at) == expected
        late = REGISTERED_AT + timedelta(minutes=15)
        assert cards.read_token(token, now=late) is None

    def test_says_nothing_of_the_member(self, member):
        first = cards.card_token(member, now=REGISTERED_AT)
        second = cards.card_token(member, now=REGISTERED_AT)

        assert first != second
        assert member.number not in first

    def test_survives_a_scanner_in_lower_case(self, member):
        token = cards.card_token(member, now=REGISTERED_AT)

        read = cards.read_token(f" {token.lower()}\n", now=REGISTERED_AT)

        assert read == member.public_id

    def test_refuses_any_change(self, member):
        token = cards.card_token(member, now=REGISTERED_AT)

        for place in range(len(token) - 1):
            other = "B" if token[place] == "A" else "A"
            changed = token[:place] + other + token[place + 1 :]
            assert cards.read_token(changed, now=REGISTERED_AT) is None

    @given(st.text(max_size=100) | st.text("ABCDEFGH234567", min_size=77, max_size=77))
    def test_makes_nothing_of_garbage(self, text):
        assert cards.read_token(text, now=REGISTERED_AT) is None

    def test_outlives_a_change_of_the_key(self, member, settings):
        settings.SECRET_KEY = "the old key"
        token = cards.card_token(member, now=REGISTERED_AT)

        settings.SECRET_KEY = "the new key"
        assert cards.read_token(token, now=REGISTERED_AT) is None
        settings.SECRET_KEY_FALLBACKS = ["the old key"]
        assert cards.read_token(token, now=REGISTERED_AT) == member.public_id
