"""A tier as members meet it: reached at the till, kept for a time, gone again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils.translation import override

from members import events
from members.models import Event
from points.models import Entry, TierPeriod
from points.services import post
from points.terms import Measure, Window
from points.tiers import rules, selectors, services
from points.tiers.rules import Span
from tests.factories.tiers import (
    MARCH,
    buy,
    key_at,
    night,
    publish_ladder,
)

pytestmark = pytest.mark.django_db


class TestATier:
    @pytest.mark.usefixtures("ladder")
    @pytest.mark.parametrize(
        ("spend", "key"),
        [
            ("4999.99", "bas"),
            ("5000.00", "silver"),
            ("5000.01", "silver"),
            ("9999.99", "silver"),
            ("10000.00", "guld"),
            ("10000.01", "guld"),
        ],
    )
    def test_is_reached_at_its_threshold_and_not_an_oere_before(self, vera, spend, key):
        buy(vera, spend)

        assert key_at(vera, MARCH) == key

    @pytest.mark.usefixtures("ladder")
    def test_does_not_hang_on_what_is_done_with_the_points(self, vera):
        buy(vera, 9999)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=9999,
            key="earn",
            at=MARCH,
            now=MARCH,
        )
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-9000,
            key="spend",
            at=MARCH,
            now=MARCH,
        )
        night(vera, MARCH + timedelta(days=1))

        progress = selectors.progress_of(vera, MARCH)

        assert progress.counted == 9999
        assert progress.tier.key == "silver"

    def test_is_none_without_a_ladder(self, vera):
        assert key_at(vera, MARCH) is None
        assert selectors.tier_of(vera, MARCH) is None

    @pytest.mark.usefixtures("ladder")
    def test_is_had_from_the_moment_it_was_reached_and_not_before(self, vera):
        buy(vera, 5000)

        assert key_at(vera, MARCH - timedelta(seconds=1)) == "bas"
        assert key_at(vera, MARCH) == "silver"

    @pytest.mark.usefixtures("ladder")
    def test_holds_for_twelve_months_where_the_window_rolls(self, vera):
        buy(vera, 5000)

        assert selectors.tier_of(vera, MARCH).until == date(2027, 3, 10)

    def test_holds_to_the_end_of_the_next_calendar_year(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, 5000)

        assert selectors.tier_of(vera, MARCH).until == date(2027, 12, 31)

    def test_holds_to_the_end_of_the_next_membership_year(self, programme, vera):
        publish_ladder(programme, window=Window.MEMBERSHIP)
        buy(vera, 5000)

        assert selectors.tier_of(vera, MARCH).until == date(2027, 6, 14)

    @pytest.mark.parametrize(
        ("measure", "done"),
        [
            (Measure.POINTS, {"points": 5000}),
            (Measure.VISITS, {"visits": 5000}),
        ],
        ids=["points", "visits"],
    )
    def test_is_reached_by_other_measures_too(self, programme, vera, measure, done):
        publish_ladder(programme, measure=measure)

        buy(vera, 1, **done)

        assert key_at(vera, MARCH) == "silver"

    def test_is_reached_by_actions(self, programme, vera):
        publish_ladder(programme, measure=Measure.ACTIONS)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT points_count(%s, %s, 0, 0, 0, 5000)", [vera.pk, MARCH.date()]
            )

        assert services.rise(member_id=vera.pk, done_on=MARCH.date(), now=MARCH)
        assert key_at(vera, MARCH) == "silver"

    @pytest.mark.usefixtures("ladder")
    def test_says_so_on_the_timeline_in_the_readers_language(self, vera):
        buy(vera, 10000)

        event = Event.objects.get(member=vera, kind="points.tier_reached")
        with override("en"):
            assert events.describe(event) == (
                "Reached Gold, which holds until 10 March 2027."
            )

    @pytest.mark.usefixtures("ladder")
    def test_stays_when_the_goods_come_back_until_its_review(self, vera):
        buy(vera, 10000)
        buy(vera, -10000, MARCH + timedelta(days=3), on=MARCH.date())
        night(vera, MARCH + timedelta(days=4))

        assert key_at(vera, MARCH + timedelta(days=5)) == "guld"
        progress = selectors.progress_of(vera, MARCH + timedelta(days=5))
        assert progress.counted == 0
        assert progress.keeping.missing == 8000

    @pytest.mark.usefixtures("ladder")
    def test_counts_a_receipt_that_the_till_sent_two_weeks_late(self, vera):
        buy(vera, 4000, datetime(2025, 3, 20, 12, tzinfo=UTC))

        # Twelve months from 20 March are over today, and were not when she bought.
        buy(vera, 1000, datetime(2026, 3, 22, 12, tzinfo=UTC), on=date(2026, 3, 8))

        period = TierPeriod.objects.get(member=vera)
        assert (period.key, period.holds_until) == ("silver", date(2027, 3, 8))
        assert (period.counted_from, period.counted_to) == (
            date(2025, 3, 9),
            date(2026, 3, 8),
        )

    def test_counts_a_receipt_of_last_year_where_years_are_the_calendars(
        self, programme, vera
    ):
        publish_ladder(programme, window=Window.CALENDAR)

        buy(vera, 5000, datetime(2026, 1, 3, 12, tzinfo=UTC), on=date(2025, 12, 30))

        assert TierPeriod.objects.get(member=vera).holds_until == date(2026, 12, 31)

    def test_needs_the_day_of_the_club_and_not_of_greenwich(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        # Half past midnight on New Year's Day in Stockholm.
        now = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)

        buy(vera, 5000, now, on=date(2026, 1, 1))

        assert TierPeriod.objects.get(member=vera).holds_until == date(2027, 12, 31)


class TestDays:
    @pytest.mark.parametrize(
        ("day", "begins", "until"),
        [
            (date(2026, 3, 10), date(2025, 3, 11), date(2027, 3, 10)),
            (date(2024, 2, 29), date(2023, 3, 1), date(2025, 2, 28)),
            (date(2025, 2, 28), date(2024, 3, 1), date(2026, 2, 28)),
            (date(2026, 8, 31), date(2025, 9, 1), date(2027, 8, 31)),
        ],
    )
    def test_roll_over_month_ends_and_leap_days(self, day, begins, until):
        assert rules.window_of(Window.ROLLING, day, day) == Span(begins, day)
        assert rules.holds_until(Window.ROLLING, day, day) == until

    @pytest.mark.parametrize(
        ("day", "begins", "ends"),
        [
            (date(2025, 2, 27), date(2024, 2, 29), date(2025, 2, 27)),
            (date(2025, 2, 28), date(2025, 2, 28), date(2026, 2, 27)),
            (date(2028, 2, 29), date(2028, 2, 29), date(2029, 2, 27)),
            (date(2023, 7, 1), date(2023, 2, 28), date(2024, 2, 28)),
        ],
    )
    def test_of_who_joined_on_a_leap_day(self, day, begins, ends):
        joined = date(2024, 2, 29)

        assert rules.window_of(Window.MEMBERSHIP, day, joined) == Span(begins, ends)
