"""Windows and bounds of the allowance, for any moment and any amounts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.periods import add_months, start_of_day
from points.goodwill import rules
from points.goodwill.rules import Bound, Person, Used

ZONES = [ZoneInfo(name) for name in ("Europe/Stockholm", "Atlantic/Reykjavik", "UTC")]
MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the zone is put in below
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
MONEY = st.decimals(min_value=0, max_value=5000, places=2)
PEOPLE = st.builds(Person, MONEY, MONEY, MONEY)
USED = st.builds(Used, MONEY, MONEY, MONEY, MONEY)
ALLOWANCES = st.builds(rules.Allowance, PEOPLE, PEOPLE, MONEY, MONEY)


class TestWindow:
    @given(at=MOMENTS, zone=st.sampled_from(ZONES))
    def test_holds_the_moment_and_not_its_own_end(self, at, zone):
        window = rules.window_of(at, zone)

        assert start_of_day(window.day, zone) <= at
        assert at < start_of_day(window.day + timedelta(days=1), zone)
        assert start_of_day(window.month, zone) <= at
        assert at < start_of_day(add_months(window.month, 1), zone)

    @given(at=MOMENTS, zone=st.sampled_from(ZONES))
    def test_of_a_day_lies_within_that_of_its_month(self, at, zone):
        window = rules.window_of(at, zone)

        assert window.month <= window.day < add_months(window.month, 1)

    @pytest.mark.parametrize(
        ("at", "day"),
        [
            # The hour that is there twice, and the one that is not there.
            (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25"),
            (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25"),
            (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), "2026-10-25"),
            (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), "2026-10-26"),
            (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "2026-03-29"),
            (datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), "2026-03-29"),
            (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "2026-03-30"),
            (datetime(2028, 2, 28, 23, 0, tzinfo=UTC), "2028-02-29"),
        ],
    )
    def test_is_the_club_s_when_clocks_change(self, at, day):
        assert rules.window_of(at, ZONES[0]).day.isoformat() == day


class TestRefusal:
    @given(amount=MONEY, allowance=ALLOWANCES, used=USED)
    def test_is_none_exactly_when_every_bound_has_room(self, amount, allowance, used):
        person = allowance.staff
        refused = rules.refusal(amount, rules.left(person, allowance, used))

        fits = (
            amount <= person.one_grant
            and used.person_day + amount <= max(person.per_day, used.person_day)
            and used.person_month + amount <= max(person.per_month, used.person_month)
            and used.store_day + amount <= max(allowance.store_per_day, used.store_day)
            and used.store_month + amount
            <= max(allowance.store_per_month, used.store_month)
        )
        assert (refused is None) == fits

    @given(allowance=ALLOWANCES, used=USED)
    def test_never_comes_for_what_is_said_to_be_left(self, allowance, used):
        remaining = rules.left(allowance.manager, allowance, used)
        _bound, most = rules.tightest(remaining)

        assert rules.refusal(most, remaining) is None
        assert rules.refusal(most + Decimal("0.01"), remaining) is not None

    def test_names_the_store_first(self):
        nothing = Person(Decimal(0), Decimal(0), Decimal(0))
        allowance = rules.Allowance(nothing, nothing, Decimal(0), Decimal(0))
        remaining = rules.left(nothing, allowance, Used())

        assert rules.refusal(Decimal(1), remaining) is Bound.STORE_DAY


class TestPointsWorth:
    @given(
        amount=MONEY,
        value=st.decimals(min_value=Decimal("0.0001"), max_value=10, places=4),
    )
    def test_is_the_most_that_the_amount_buys(self, amount, value):
        points = rules.points_worth(amount, value)

        assert points * value <= amount < (points + 1) * value


class TestOffered:
    def test_is_money_that_people_say(self):
        usual = rules.usual("SEK")

        assert [int(each) for each in rules.offered(usual.staff, usual.manager)] == [
            10,
            25,
            50,
            100,
            250,
            500,
        ]

    @given(staff=PEOPLE, manager=PEOPLE)
    def test_is_never_more_than_somebody_may_give(self, staff, manager):
        for amount in rules.offered(staff, manager):
            assert 0 < amount <= max(staff.one_grant, manager.one_grant)
