"""Half-open periods and the programme's days, also when clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import periods

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class TestIsWithin:
    def test_begins_with_its_first_instant_and_ends_before_its_last(self) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        end = datetime(2026, 2, 1, tzinfo=UTC)

        assert periods.is_within(start, start, end)
        assert not periods.is_within(end, start, end)
        assert periods.is_within(end - timedelta(microseconds=1), start, end)
        assert periods.is_within(end, start, None)


class TestDayBounds:
    @pytest.mark.parametrize(
        ("day", "hours"),
        [
            (date(2027, 3, 28), 23),
            (date(2026, 10, 25), 25),
            (date(2026, 11, 22), 24),
        ],
    )
    def test_knows_that_two_nights_a_year_are_odd(self, day: date, hours: int) -> None:
        start, end = periods.day_bounds(day, STOCKHOLM)

        length = end.astimezone(UTC) - start.astimezone(UTC)

        assert length == timedelta(hours=hours)


class TestAddMonths:
    @pytest.mark.parametrize(
        ("day", "months", "then"),
        [
            (date(2026, 1, 31), 1, date(2026, 2, 28)),
            (date(2028, 1, 31), 1, date(2028, 2, 29)),
            (date(2028, 2, 29), 12, date(2029, 2, 28)),
            (date(2026, 11, 15), -11, date(2025, 12, 15)),
        ],
    )
    def test_stays_within_the_month(self, day: date, months: int, then: date) -> None:
        assert periods.add_months(day, months) == then

    @given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 240))
    def test_never_goes_back(self, day: date, months: int) -> None:
        assert periods.add_months(day, months) >= day


class TestEndOfMonthAfter:
    def test_lets_points_live_out_their_last_month(self) -> None:
        earned = datetime(2026, 11, 30, 23, 30, tzinfo=STOCKHOLM)

        ends = periods.end_of_month_after(earned, 24, STOCKHOLM)

        assert ends == datetime(2028, 12, 1, tzinfo=STOCKHOLM)

    def test_counts_months_in_the_programmes_zone(self) -> None:
        # 23:30 UTC on 30 November is already December in Stockholm.
        earned = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)

        ends = periods.end_of_month_after(earned, 1, STOCKHOLM)

        assert ends == datetime(2027, 2, 1, tzinfo=STOCKHOLM)
