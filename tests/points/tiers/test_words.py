"""What a member reads about a tier."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils.translation import override

from points.terms import Measure, Window
from points.tiers import selectors, services, words
from tests.factories.tiers import (
    MARCH,
    buy,
    key_at,
    publish_ladder,
)

pytestmark = pytest.mark.django_db


class TestWords:
    @pytest.fixture(autouse=True)
    def _in_english(self):
        with override("en"):
            yield

    def said(self, member, at):
        progress = selectors.progress_of(member, at)
        return words.to_keep(progress), words.to_next(progress)

    def test_say_what_is_missing_and_by_when(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, "8760")

        keep, above = self.said(vera, datetime(2027, 3, 1, tzinfo=UTC))
        _keep, sooner = self.said(vera, MARCH)

        assert keep == (
            "You have Silver until 31 December 2027; shop for 4\u00a0000\u00a0kr more "
            "by then to keep it."
        )
        assert above == (
            "Shop for 10\u00a0000\u00a0kr more by 31 December 2027 and you become Gold."
        )
        assert sooner == (
            "Shop for 1\u00a0240\u00a0kr more by 31 December 2026 and you become Gold."
        )

    @pytest.mark.usefixtures("ladder")
    def test_say_until_when_all_that_counts_will_count(self, vera):
        buy(vera, 3000, MARCH)
        buy(vera, 1000, MARCH + timedelta(days=30))

        _keep, above = self.said(vera, MARCH + timedelta(days=60))

        assert above == (
            "Shop for 1\u00a0000\u00a0kr more by 9 March 2027 and you become Silver."
        )
        # It is true: on that day it is enough, and on the day after it is not.
        for day, key in ((date(2027, 3, 9), "silver"), (date(2027, 3, 10), "bas")):
            with transaction.atomic():
                at = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
                buy(vera, 1000, at + timedelta(hours=12))
                assert key_at(vera, at + timedelta(hours=12)) == key
                transaction.set_rollback(True)

    def test_say_what_the_grace_days_are_for(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, 10000)

        keep, _above = self.said(vera, datetime(2028, 1, 15, tzinfo=UTC))

        assert keep == (
            "You had Gold until 31 December 2027. Shop for 8\u00a0000\u00a0kr more by "
            "30 January 2028 to keep it; otherwise you have Silver after that."
        )

    def test_say_that_enough_was_done(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, 10000)
        buy(vera, 8000, datetime(2027, 2, 1, tzinfo=UTC))

        keep, above = self.said(vera, datetime(2027, 3, 1, tzinfo=UTC))

        assert keep == (
            "You have Gold until 31 December 2027, and have done enough to keep it "
            "until 31 December 2028."
        )
        assert above == ""

    @pytest.mark.usefixtures("ladder")
    def test_say_why_with_the_sum_the_days_and_the_version(self, vera, programme):
        buy(vera, "10000.50")
        period = selectors.open_period(vera)

        why = words.why(period, "Gold", currency="SEK", zone=programme.zone)

        assert why == (
            "Gold was reached on 10 March 2026 with 10\u00a0000.50\u00a0kr from 11 "
            f"March 2025 to 10 March 2026, by version {period.rule.version} of the "
            "programme."
        )

    @pytest.mark.parametrize("measure", list(Measure))
    @pytest.mark.parametrize("window", list(Window))
    def test_are_there_for_every_measure_and_window(
        self, programme, vera, measure, window, olga
    ):
        publish_ladder(programme, measure=measure, window=window)
        assert all(self.said(vera, MARCH)[1:])
        period = None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT points_count(%s, '2026-03-10', 6000, 6000, 6000, 6000)",
                [vera.pk],
            )
        services.rise(member_id=vera.pk, done_on=MARCH.date(), now=MARCH)

        for days in (0, 200, 380, 670):
            at = MARCH + timedelta(days=days)
            assert all("%" not in text for text in self.said(vera, at))
        period = selectors.open_period(vera)
        assert words.why(period, "Silver", currency="SEK", zone=programme.zone)
        ladder = selectors.ladder_in(period)
        assert words.how_it_works(ladder, "SEK")[-1] == words.returns()
