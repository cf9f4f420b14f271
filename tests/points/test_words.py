import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import formats, translation
from hypothesis import given
from hypothesis import strategies as st

from points import rules, words
from points.models import Entry
from points.selectors import BalanceView, NextBenefit
from points.terms import ExpiryKind, Terms
from tests.points.test_rules import rule

STOCKHOLM = ZoneInfo("Europe/Stockholm")
LANGUAGES = ["sv", "da", "en"]


def numbers_in(sentence):
    """Read the numbers of a sentence back, as its language writes them."""
    separator = formats.get_format("DECIMAL_SEPARATOR")
    thousands = formats.get_format("THOUSAND_SEPARATOR")
    found = re.findall(r"\d[\d.,\u00a0]*", sentence)
    return [
        Decimal(text.rstrip(".,\u00a0").replace(thousands, "").replace(separator, "."))
        for text in found
    ]


class TestSentences:
    def test_say_the_club_of_the_example(self):
        with translation.override("en"):
            club = rule()
            benefit = NextBenefit(120, 500, Decimal(50), 0, 76, "SEK")

            assert words.earning(club, "SEK") == "1 point per krona"
            assert words.reward(club, "SEK") == (
                "500 points become a 50\u00a0kr voucher"
            )
            assert words.to_next(benefit) == (
                "120 points left to your next 50\u00a0kr voucher"
            )
            assert words.with_worth(BalanceView(380, Decimal(38), "SEK")) == (
                "380 points, worth 38\u00a0kr"
            )

    def test_name_the_month_that_ends_and_not_the_one_that_begins(self):
        bought = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
        expires = rules.expires_at(bought, rule(), STOCKHOLM)

        with translation.override("en"):
            assert words.expiry(expires, STOCKHOLM) == (
                "expire when November 2028 ends"
            )
            assert words.expiry(None, STOCKHOLM) == "never expire"

    def test_name_the_day_where_points_go_within_a_month(self):
        terms = Terms(expiry=ExpiryKind.FIXED, expiry_day=(3, 15), expiry_years=1)
        bought = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
        expires = rules.expires_at(bought, replace(rule(), terms=terms), STOCKHOLM)

        with translation.override("en"):
            assert words.expiry(expires, STOCKHOLM) == "expire after 15 March 2028"
            assert words.expiring(120, expires, STOCKHOLM) == (
                "120 points expire after 15 March 2028"
            )
            assert words.last_day_of(expires, STOCKHOLM) == "15 March 2028"

    @pytest.mark.parametrize("language", LANGUAGES)
    @given(
        rate=st.decimals(min_value="0.0001", max_value="100", places=4),
        value=st.decimals(min_value="0.01", max_value="10", places=2),
        reward=st.integers(1, 100000),
        months=st.none() | st.integers(1, 60),
        balance=st.integers(-5000, 50000),
    )
    def test_say_the_numbers_that_the_rule_counts_with(
        self, language, rate, value, reward, months, balance
    ):
        club = rule(
            rate=str(rate),
            point_value=value,
            reward_points=reward,
            expires_after_months=months,
        )
        worth = rules.reward_worth(club)
        missing = rules.points_to_next(balance, club)
        benefit = NextBenefit(missing, reward, worth, 0, 0, "SEK")

        with translation.override(language):
            assert numbers_in(words.earning(club, "SEK")) == [rate]
            assert numbers_in(words.reward(club, "SEK")) == [reward, worth]
            assert numbers_in(words.to_next(benefit)) == [missing, worth]
            assert numbers_in(words.lifetime(club)) == ([months] if months else [])

    @given(
        paid=st.decimals(min_value="0", max_value="10000", places=2),
        rate=st.decimals(min_value="0.01", max_value="10", places=2),
    )
    def test_let_anybody_work_out_the_points(self, paid, rate):
        """The sentence is enough: what it says is what the engine gives."""
        club = rule(rate=str(rate))

        with translation.override("en"):
            (said,) = numbers_in(words.earning(club, "SEK"))

        assert rules.points_for(paid, club) == int(paid * said)

    def test_say_what_a_point_is_worth_in_ore_until_it_is_a_krona(self):
        with translation.override("en"):
            assert (
                words.worth_of_a_point(rule(), "SEK") == "1 point is worth 10\u00a0öre"
            )
            assert words.worth_between(Decimal("0.08"), Decimal("0.1"), "SEK") == (
                "8–10\u00a0öre"
            )
            assert words.worth_between(Decimal("0.9"), Decimal("1.2"), "SEK") == (
                "0.9–1.2\u00a0kr"
            )
            assert words.worth_between(Decimal(5), Decimal(5), "ISK") == "5\u00a0kr."


class TestWhy:
    """F12: every entry of a ledger says why it is there."""

    @pytest.mark.parametrize("kind", Entry.Kind.values)
    @pytest.mark.parametrize("source", ["", "receipt", "voucher", "reservation"])
    def test_is_said_of_every_kind(self, kind, source):
        with translation.override("en"):
            said = words.why(Entry(kind=kind, source_type=source))

        assert said
        assert said != Entry.Kind(kind).label

    def test_is_what_was_written_before_anything_else(self):
        entry = Entry(kind="GOODWILL", source_type="goodwill", reason="Long queue")

        assert words.why(entry) == "Long queue"

    def test_tells_a_voucher_from_a_use(self):
        with translation.override("en"):
            said = [
                words.why(Entry(kind=kind, source_type=source))
                for kind, source in [
                    ("SPEND", "voucher"),
                    ("SPEND", ""),
                    ("RESTORE", "voucher"),
                    ("RESTORE", ""),
                ]
            ]

        assert said == [
            "Became a voucher",
            "Used by the member",
            "The voucher was taken back",
            "What they were used for was undone",
        ]
