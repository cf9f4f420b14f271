"""Tiers of the whole club: every night, and when a ladder is new."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils.translation import override

from members import events
from members.models import Event, Member
from points.models import Activity, TierOutlook, TierPeriod
from points.terms import Ladder, Window
from points.tiers import nightly, selectors
from tests.factories.members import MemberFactory
from tests.factories.tiers import (
    MARCH,
    THREE,
    buy,
    has,
    key_at,
    night,
    publish_ladder,
    tier,
)

pytestmark = pytest.mark.django_db


class TestTheNight:
    def test_keeps_a_level_that_was_earned_again(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, 10000)
        buy(vera, 8000, datetime(2027, 5, 1, 12, tzinfo=UTC))

        found = night(vera, datetime(2028, 1, 1, 3, tzinfo=UTC))

        assert found.kept == 1
        period = TierPeriod.objects.get(member=vera, ends_at=None)
        assert (period.key, period.cause) == ("guld", "KEPT")
        assert period.holds_until == date(2028, 12, 31)
        assert period.measured == 8000

    def test_waits_for_the_grace_days_and_counts_them(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, 10000)
        buy(vera, 7999, datetime(2027, 5, 1, 12, tzinfo=UTC))
        night(vera, datetime(2028, 1, 1, 3, tzinfo=UTC))
        buy(vera, 1, datetime(2028, 1, 30, 12, tzinfo=UTC))

        night(vera, datetime(2028, 1, 31, 3, tzinfo=UTC))

        assert has(vera) == [("guld", "REACHED"), ("guld", "KEPT")]

    def test_lets_it_land_one_step_after_them(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, 10000)
        night(vera, datetime(2028, 1, 30, 12, tzinfo=UTC))
        assert has(vera) == [("guld", "REACHED")]

        found = night(vera, datetime(2028, 1, 31, 3, tzinfo=UTC))

        assert found.left == 1
        assert has(vera) == [("guld", "REACHED"), ("silver", "LANDED")]
        assert selectors.tier_of(vera, datetime(2028, 2, 1, tzinfo=UTC)).until == date(
            2028, 12, 31
        )

    def test_lets_it_go_to_what_was_earned_without_a_soft_landing(
        self, programme, vera
    ):
        publish_ladder(programme, window=Window.CALENDAR, soft_landing=False)
        buy(vera, 10000)

        night(vera, datetime(2028, 2, 1, 3, tzinfo=UTC))

        assert has(vera) == [("guld", "REACHED"), ("bas", "LANDED")]
        assert selectors.tier_of(vera, datetime(2028, 2, 2, tzinfo=UTC)).until is None

    def test_goes_down_step_by_step_when_it_was_not_for_years(self, programme, vera):
        publish_ladder(programme, window=Window.CALENDAR)
        buy(vera, 10000)

        night(vera, datetime(2031, 6, 1, 3, tzinfo=UTC))

        assert has(vera)[-1] == ("bas", "LANDED")

    @pytest.mark.usefixtures("ladder")
    def test_changes_nothing_the_second_time(self, vera):
        buy(vera, 10000)
        night(vera, MARCH + timedelta(days=500))
        before = list(TierPeriod.objects.order_by("pk").values())

        found = night(vera, MARCH + timedelta(days=500, minutes=5))

        assert (found.reached, found.kept, found.left) == (0, 0, 0)
        assert list(TierPeriod.objects.order_by("pk").values()) == before

    @pytest.mark.usefixtures("ladder")
    def test_finds_what_a_load_brought(self, vera):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT points_count_many(%s, %s, %s, %s, %s)",
                [
                    [vera.pk, vera.pk],
                    [MARCH.date(), MARCH.date()],
                    [Decimal("4000.50"), Decimal(1000)],
                    [1, 1],
                    [4000, 1000],
                ],
            )
        assert Activity.objects.get(member=vera).spend == Decimal("5000.50")
        assert has(vera) == []

        night(vera, MARCH + timedelta(days=1))

        assert has(vera) == [("silver", "REACHED")]

    def test_finds_who_reached_it_in_their_own_year(self, programme, vera):
        publish_ladder(programme, window=Window.MEMBERSHIP)
        other = MemberFactory(
            programme=programme, registered_at=datetime(2026, 3, 1, 9, tzinfo=UTC)
        )
        for member in (vera, other):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT points_count(%s, '2026-03-10', 5000, 1, 0, 0)", [member.pk]
                )

        assert night(vera, MARCH).reached == 2
        untils = TierPeriod.objects.order_by("member_id").values_list(
            "holds_until", flat=True
        )
        assert list(untils) == [date(2027, 6, 14), date(2028, 2, 29)]

    @pytest.mark.usefixtures("ladder")
    def test_leaves_those_alone_who_left_by_merge_or_erasure(self, vera):
        buy(vera, 10000)
        Member.objects.filter(pk=vera.pk).update(
            status="ERASED", phone="", email="", first_name="", last_name=""
        )

        assert night(vera, MARCH + timedelta(days=900)).left == 0

    def test_touches_only_its_own_club(self, programme, vera):
        publish_ladder(programme)
        other = MemberFactory()
        publish_ladder(other.programme)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT points_count(%s, '2026-03-10', 5000, 1, 0, 0)", [other.pk]
            )

        assert night(vera, MARCH).reached == 0

    @pytest.mark.usefixtures("ladder")
    def test_writes_down_how_members_stand_and_who_is_near(self, programme, vera):
        near, far = (
            MemberFactory(programme=programme),
            MemberFactory(programme=programme),
        )
        soon = MemberFactory(programme=programme)
        buy(vera, 10000)
        buy(near, 4100)
        buy(far, 3999)
        buy(soon, 5000, MARCH - timedelta(days=340))

        run = nightly.run(programme=programme, clock=lambda: MARCH)

        assert run.figures["members"] == {"bas": 2, "silver": 1, "guld": 1}
        assert run.figures["near"] == {"silver": 1}
        assert run.figures["landing"] == {"silver": 1}
        listed = {
            (row.kind, row.member_id, row.key, row.missing)
            for row in TierOutlook.objects.filter(run=run)
        }
        assert listed == {
            ("NEAR", near.pk, "silver", Decimal(900)),
            ("LANDING", soon.pk, "silver", Decimal(4000)),
        }

    @pytest.mark.usefixtures("ladder")
    def test_is_due_once_a_day_by_the_clubs_clock(self, programme):
        # A quarter to midnight in Stockholm, and a quarter past.
        before = datetime(2026, 3, 10, 22, 45, tzinfo=UTC)
        after = datetime(2026, 3, 10, 23, 15, tzinfo=UTC)
        nightly.run(programme=programme, clock=lambda: before)

        assert not nightly.is_due(programme, before)
        assert nightly.is_due(programme, after)


class TestANewLadder:
    @pytest.mark.usefixtures("ladder")
    def test_takes_tiers_over_by_their_key(self, programme, vera):
        buy(vera, 10000)
        dearer = replace(
            THREE,
            tiers=(*THREE.tiers[:2], tier("guld", 20000), tier("platina", 40000)),
        )
        publish_ladder(programme, dearer, starts_at=MARCH + timedelta(days=1))

        night(vera, MARCH + timedelta(days=2))

        assert has(vera) == [("guld", "REACHED")]
        assert selectors.tier_of(vera, MARCH + timedelta(days=2)).until == date(
            2027, 3, 10
        )

    @pytest.mark.usefixtures("ladder")
    def test_turns_a_tier_that_is_gone_into_the_nearest_lower(self, programme, vera):
        buy(vera, 10000)
        start = MARCH + timedelta(days=1)
        without = Ladder(tiers=(tier("bas"), tier("brons", 100), tier("silver", 20000)))
        publish_ladder(programme, without, starts_at=start)
        # At once, also before the night comes by.
        assert key_at(vera, start) == "silver"
        assert selectors.tier_of(vera, start).key == "silver"

        night(vera, start)

        assert has(vera) == [("guld", "REACHED"), ("silver", "MOVED")]
        with override("en"):
            said = [events.describe(each) for each in Event.objects.filter(member=vera)]
        assert "The club's tiers changed: Gold became Silver." in said

    @pytest.mark.usefixtures("ladder")
    def test_gives_another_place_to_a_tier_that_stays(self, programme, vera):
        buy(vera, 5000)
        start = MARCH + timedelta(days=1)
        publish_ladder(
            programme,
            Ladder(tiers=(tier("bas"), tier("brons", 100), tier("silver", 20000))),
            starts_at=start,
        )

        night(vera, start)

        assert TierPeriod.objects.get(member=vera).rank == 2

    @pytest.mark.usefixtures("ladder")
    def test_begins_below_who_had_fallen_to_the_lowest(self, programme, vera):
        """Basic was for everybody; now it needs 100 kr and Start is for everybody."""
        buy(vera, 5000)
        later = MARCH + timedelta(days=500)
        night(vera, later)
        assert has(vera)[-1][0] == "bas"
        start = later + timedelta(days=1)
        ladder = Ladder(tiers=(tier("start"), tier("bas", 100), tier("silver", 5000)))
        publish_ladder(programme, ladder, starts_at=start)

        night(vera, start)

        assert has(vera)[-1] == ("start", "MOVED")
        assert key_at(vera, start) == "start"
        assert key_at(MemberFactory(programme=programme), start) == "start"
        buy(vera, 100, at=start + timedelta(days=1))
        assert key_at(vera, start + timedelta(days=1)) == "bas"
