"""Levels in a replay move as the database moves them, night by night."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from points import reading
from points.models import TierPeriod
from points.terms import Ladder, Measure, Terms, Tier, Window
from purchases.replay.ladder import Climb, Had
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory

_DAY = timedelta(days=1)
JOINED = date(2024, 2, 29)
BEGINS = date(2024, 3, 1)
LAST = date(2026, 6, 30)
# Lives that go up and down by every window; a test sees to it.
LIVELY = 322
MORE = (299, 311, 315, 338, 370)


def ladder(window, measure=Measure.SPEND, *, soft=True):
    return Ladder(
        measure=measure,
        window=window,
        tiers=(
            Tier("basic", {"en": "Basic"}, Decimal(0)),
            Tier("silver", {"en": "Silver"}, Decimal(500)),
            Tier("gold", {"en": "Gold"}, Decimal(1500), keeps=Decimal(900)),
        ),
        grace_days=20,
        soft_landing=soft,
    )


def at(day, hour):
    return datetime.combine(day, time(hour), tzinfo=UTC)


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def days_of_a_life(seed):
    """Return some days with what was spent: lively times and silent ones."""
    dice = random.Random(seed)
    day, spent = BEGINS, {}
    while day < LAST:
        spent[day] = Decimal(dice.choice([50, 200, 450, 900]))
        day += timedelta(days=dice.choice([3, 20, 45, 120, 300]))
    return spent


class TestClimb:
    @pytest.mark.django_db
    @pytest.mark.parametrize("soft", [True, False], ids=["soft", "hard"])
    @pytest.mark.parametrize("window", list(Window), ids=str)
    @pytest.mark.parametrize(
        "seed", [LIVELY, *(pytest.param(seed, marks=pytest.mark.soak) for seed in MORE)]
    )
    def test_goes_where_the_database_goes(self, programme, window, soft, seed):
        steps = ladder(window, soft=soft)
        EarningRuleFactory(
            programme=programme,
            published=True,
            starts_at=at(BEGINS - _DAY, 0),
            terms=reading.dump(Terms(ladder=steps)),
        )
        member = MemberFactory(programme=programme, registered_at=at(JOINED, 9))
        spent = days_of_a_life(seed)
        climb = Climb(steps, JOINED)
        until = None
        said, stored = [], []

        for day in (BEGINS + timedelta(days=n) for n in range((LAST - BEGINS).days)):
            # A night on which nothing was done and nothing ends changes nothing.
            is_due = day - _DAY in spent or (until is not None and day > until)
            if is_due:
                run("SELECT points_tiers_settle(%s, %s)", programme.pk, at(day, 2))
            if day in spent:
                climb.settle(day)
                said.append((day, climb.key))
                climb.count(day, spend=spent[day], visits=1, points=0)
                climb.rise(day)
                stored.append(
                    (
                        day,
                        run("SELECT points_tier_key(%s, %s)", member.pk, at(day, 8))[0],
                    )
                )
                run(
                    "SELECT points_after_receipt(%s, %s, %s, 1, 0, %s, %s)",
                    member.pk,
                    day,
                    spent[day],
                    at(day, 9),
                    at(day, 9),
                )
            if is_due or day in spent:
                period = TierPeriod.objects.filter(member=member, ends_at=None).first()
                until = period.holds_until if period else None

        climb.settle(LAST - _DAY)
        key = run("SELECT points_tier_key(%s, %s)", member.pk, at(LAST, 23))[0]
        assert said == stored
        assert climb.key == key

    @pytest.mark.parametrize("seed", [LIVELY, *MORE])
    @pytest.mark.parametrize("window", list(Window), ids=str)
    def test_lives_above_go_up_and_down(self, window, seed):
        climb = Climb(ladder(window), JOINED)
        for day, spend in days_of_a_life(seed).items():
            climb.settle(day)
            climb.count(day, spend=spend, visits=1, points=0)
            climb.rise(day)
        climb.settle(LAST)

        assert climb.rose >= 2
        assert climb.fell >= 1


class TestBegin:
    def test_starts_from_the_level_that_was_had(self):
        climb = Climb(ladder(Window.ROLLING), JOINED)

        climb.begin(
            date(2025, 1, 1), (), Had("gold", date(2025, 6, 30), ("basic", "gold"))
        )

        assert climb.key == "gold"
        assert (climb.rose, climb.fell) == (0, 0)

    def test_takes_the_next_lower_one_for_one_that_is_gone(self):
        climb = Climb(ladder(Window.ROLLING), JOINED)
        before = ("basic", "silver", "platinum")

        climb.begin(date(2025, 1, 1), (), Had("platinum", date(2025, 6, 30), before))

        assert climb.key == "silver"

    def test_counts_what_was_done_before(self):
        climb = Climb(ladder(Window.ROLLING), JOINED)

        climb.begin(
            date(2025, 1, 1), [(date(2024, 12, 1), Decimal(600), 1, 600, 0)], None
        )

        assert climb.key == "silver"

    def test_forgets_what_is_too_old(self):
        climb = Climb(ladder(Window.CALENDAR), JOINED)

        climb.begin(
            date(2025, 1, 1), [(date(2023, 12, 1), Decimal(600), 1, 600, 0)], None
        )

        assert climb.key == "basic"

    @pytest.mark.parametrize(
        ("measure", "key"),
        [(Measure.VISITS, "basic"), (Measure.POINTS, "gold")],
        ids=str,
    )
    def test_counts_by_the_measure(self, measure, key):
        climb = Climb(ladder(Window.ROLLING, measure), JOINED)

        climb.begin(
            date(2025, 1, 1), [(date(2024, 12, 1), Decimal(600), 3, 1800, 0)], None
        )

        assert climb.key == key
