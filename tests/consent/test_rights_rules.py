"""A month is the club's calendar month, and the day of grace is 24 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from consent import books
from consent.rights import rules

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(*parts):
    return datetime(*parts, tzinfo=STOCKHOLM)


class TestDueAt:
    @pytest.mark.parametrize(
        ("received", "due"),
        [
            (at(2026, 3, 2, 9), date(2026, 4, 2)),
            (at(2026, 1, 31, 9), date(2026, 2, 28)),
            (at(2028, 1, 31, 9), date(2028, 2, 29)),
            (at(2026, 12, 15, 9), date(2027, 1, 15)),
            (at(2026, 3, 31, 23, 59), date(2026, 4, 30)),
            # Past midnight in Stockholm, not yet in Greenwich.
            (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), date(2026, 8, 1)),
        ],
    )
    def test_is_the_end_of_the_same_day_next_month(self, received, due):
        found = rules.due_at(received, STOCKHOLM).astimezone(STOCKHOLM)

        assert found.date() == due
        assert (found.hour, found.minute, found.second) == (23, 59, 59)

    def test_keeps_to_the_clock_over_summer_time(self):
        found = rules.due_at(at(2026, 10, 10, 12), STOCKHOLM)

        assert found == datetime(2026, 11, 10, 22, 59, 59, tzinfo=UTC)


class TestExtendedDueAt:
    def test_is_three_months_from_the_receipt(self):
        found = rules.extended_due_at(at(2026, 11, 30, 9), STOCKHOLM)

        assert found.astimezone(STOCKHOLM).date() == date(2027, 2, 28)


class TestMayExtend:
    def test_is_for_the_first_month_alone(self):
        received = at(2026, 3, 2, 9)

        def may(now, extended_at=None):
            return rules.may_extend(
                received_at=received,
                extended_at=extended_at,
                now=now,
                zone=STOCKHOLM,
            )

        assert may(at(2026, 4, 2, 23, 59))
        assert not may(at(2026, 4, 3))
        assert not may(at(2026, 3, 5), extended_at=at(2026, 3, 4))


class TestDaysLeft:
    @pytest.mark.parametrize(
        ("left", "days"),
        [
            (timedelta(days=3), 3),
            (timedelta(hours=1), 1),
            (timedelta(0), 0),
            (-timedelta(hours=1), -1),
            (-timedelta(days=2, hours=1), -3),
        ],
    )
    def test_counts_a_begun_day(self, left, days):
        due = at(2026, 4, 2)

        assert rules.days_left(due, now=due - left) == days


class TestBooksKeptUntil:
    @pytest.mark.parametrize(
        ("country", "until"),
        [
            ("SE", date(2033, 12, 31)),
            ("DK", date(2031, 12, 31)),
            ("NO", date(2031, 12, 31)),
            ("FI", date(2033, 12, 31)),
        ],
    )
    def test_goes_by_the_country(self, country, until):
        assert books.books_kept_until(2026, country) == until
