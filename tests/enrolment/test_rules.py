"""States of links, and ages."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolment import rules, tokens
from enrolment.rules import LinkFacts, LinkState

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


class TestStateOf:
    @pytest.mark.parametrize(
        ("facts", "state"),
        [
            (LinkFacts(LATER, None, None), LinkState.OPEN),
            (LinkFacts(NOW, None, None), LinkState.EXPIRED),
            (LinkFacts(LATER, None, NOW), LinkState.REPLACED),
            (LinkFacts(LATER, NOW, None), LinkState.USED),
            (LinkFacts(NOW, NOW, NOW), LinkState.USED),
            (LinkFacts(NOW, None, NOW), LinkState.REPLACED),
        ],
    )
    def test_follows_from_what_happened(self, facts, state):
        assert rules.state_of(facts, now=NOW) == state


class TestWaitBeforeResend:
    def test_is_nothing_for_the_first_link(self):
        assert rules.wait_before_resend(None, now=NOW) == timedelta(0)

    @pytest.mark.parametrize(("age", "wait"), [(0, 60), (59, 1), (60, 0), (600, 0)])
    def test_is_what_is_left_of_the_delay(self, age, wait):
        sent = NOW - timedelta(seconds=age)
        assert rules.wait_before_resend(sent, now=NOW).total_seconds() == wait


class TestIsOldEnough:
    @pytest.mark.parametrize(
        ("born", "today", "answer"),
        [
            (date(2010, 11, 22), date(2026, 11, 22), True),
            (date(2010, 11, 23), date(2026, 11, 22), False),
            (date(2008, 2, 29), date(2024, 2, 28), False),
            (date(2008, 2, 29), date(2024, 2, 29), True),
            # In a year without the day, one is a year older on 1 March.
            (date(2011, 3, 1), date(2027, 2, 28), False),
            (date(2008, 2, 29), date(2025, 2, 28), True),
        ],
    )
    def test_counts_years_by_birthdays(self, born, today, answer):
        assert rules.is_old_enough(born, today=today) is answer


class TestIsPlausibleBirthday:
    @pytest.mark.parametrize(
        ("born", "answer"),
        [
            (date(2026, 11, 23), False),
            (date(2026, 11, 22), True),
            (date(1906, 11, 22), True),
            (date(1905, 11, 22), False),
        ],
    )
    def test_is_in_a_human_life(self, born, answer):
        today = date(2026, 11, 22)
        assert rules.is_plausible_birthday(born, today=today) is answer


class TestTokens:
    def test_hold_128_bits_and_survive_an_sms(self):
        made = {tokens.new() for _time in range(200)}

        assert len(made) == 200
        assert all(tokens.is_token(token) for token in made)

    @given(st.text(max_size=40))
    def test_are_recognized_only_by_their_shape(self, text):
        is_shaped = len(text) == 22 and all(
            sign.isascii() and (sign.isalnum() or sign in "-_") for sign in text
        )
        assert tokens.is_token(text) == is_shaped
