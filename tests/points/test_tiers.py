"""Tiers as members meet them: reached at the till, kept, landed, given, merged."""

import json
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from consent.erasure import erase_member
from members import events
from members.merging import merge_members, undo_merge
from members.models import Event, Member
from points.models import Account, Activity, Entry, TierOutlook, TierPeriod
from points.services import post
from points.terms import Ladder, Measure, Window
from points.tiers import nightly, rules, selectors, services, words
from points.tiers.rules import Span
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.factories.tiers import THREE, did, publish_ladder, tier

pytestmark = pytest.mark.django_db

MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def ladder(programme):
    """Silver at 5 000 kr, gold at 10 000 kr in twelve months; less to stay."""
    return publish_ladder(programme)


@pytest.fixture
def vera(programme):
    return MemberFactory(
        programme=programme, registered_at=datetime(2025, 6, 15, 9, tzinfo=UTC)
    )


def buy(member, spend, at=MARCH, **changes):
    did(member, changes.pop("on", at.date()), spend, now=at, **changes)


def night(member, at):
    return services.settle_members(programme_id=member.programme_id, now=at)


def key_at(member, at):
    with connection.cursor() as cursor:
        cursor.execute("SELECT points_tier_key(%s, %s)", [member.pk, at])
        return cursor.fetchone()[0]


def has(member):
    return [
        (each.key, each.cause)
        for each in TierPeriod.objects.filter(member=member).order_by("starts_at")
    ]


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


class TestAGrant:
    @pytest.mark.usefixtures("ladder")
    def test_shows_above_what_was_earned_and_ends_on_its_day(self, vera, olga):
        buy(vera, 5000)
        given = services.grant(
            member=vera,
            key="guld",
            until=date(2026, 6, 30),
            reason="Flood in the shop",
            staff=olga,
            now=MARCH + timedelta(days=1),
        )
        assert (given.below_key, given.below_until) == ("silver", date(2027, 3, 10))
        assert key_at(vera, MARCH + timedelta(days=2)) == "guld"
        night(vera, datetime(2026, 6, 30, 12, tzinfo=UTC))
        assert key_at(vera, datetime(2026, 6, 30, 13, tzinfo=UTC)) == "guld"

        night(vera, datetime(2026, 7, 1, 3, tzinfo=UTC))

        assert has(vera)[1:] == [("guld", "GRANTED"), ("silver", "ENDED")]
        assert selectors.open_period(vera).holds_until == date(2027, 3, 10)

    @pytest.mark.usefixtures("ladder")
    def test_stays_in_the_trail_with_its_reason(self, vera, olga):
        services.grant(
            member=vera,
            key="silver",
            until=date(2026, 6, 30),
            reason="Flood in the shop",
            staff=olga,
            now=MARCH,
        )

        entry = AuditEntry.objects.get(action="tiers.granted")
        assert entry.reason == "Flood in the shop"
        assert entry.member_id == vera.public_id

    @pytest.mark.usefixtures("ladder")
    def test_becomes_their_own_when_as_much_is_earned_meanwhile(self, vera, olga):
        services.grant(
            member=vera,
            key="silver",
            until=date(2026, 6, 30),
            reason="Flood in the shop",
            staff=olga,
            now=MARCH,
        )
        buy(vera, 5000, MARCH + timedelta(days=9))
        night(vera, MARCH + timedelta(days=10))

        night(vera, datetime(2026, 7, 1, 3, tzinfo=UTC))

        period = selectors.open_period(vera)
        assert (period.key, period.cause) == ("silver", "REACHED")
        assert period.holds_until == date(2027, 3, 20)

    @pytest.mark.usefixtures("ladder")
    def test_can_be_taken_back(self, vera, olga):
        buy(vera, 5000)
        later = MARCH + timedelta(days=1)
        services.grant(
            member=vera,
            key="guld",
            until=date(2026, 6, 30),
            reason="A mistake",
            staff=olga,
            now=later,
        )

        services.end_grant(member=vera, staff=olga, now=later + timedelta(hours=1))

        assert key_at(vera, later + timedelta(hours=2)) == "silver"
        with pytest.raises(services.NoGrant):
            services.end_grant(member=vera, staff=olga, now=later + timedelta(hours=3))

    @pytest.mark.usefixtures("ladder")
    @pytest.mark.parametrize(
        "changes",
        [
            {"key": "silver"},
            {"key": "diamond"},
            {"until": date(2026, 3, 9)},
            {"reason": "  "},
            {"until": date(2027, 3, 10), "key": "guld"},
        ],
        ids=["lower", "unknown", "passed", "unsaid", "no longer than had"],
    )
    def test_is_refused(self, vera, olga, changes):
        buy(vera, 10000)
        values = {"key": "guld", "until": date(2028, 1, 1), "reason": "Why", **changes}

        with pytest.raises(services.NotGrantable):
            services.grant(
                member=vera, staff=olga, now=MARCH + timedelta(days=1), **values
            )


class TestAMerge:
    @pytest.fixture
    def twin(self, programme):
        return MemberFactory(programme=programme)

    def merge(self, kept, merged, olga, now):
        return merge_members(kept=kept, merged=merged, staff=olga, now=now)

    @pytest.mark.usefixtures("ladder")
    def test_keeps_the_higher_tier_and_counts_both(self, vera, twin, olga):
        buy(vera, 1000)
        buy(twin, 5000)

        self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        assert has(vera) == [("silver", "MERGED")]
        assert selectors.progress_of(vera, MARCH + timedelta(days=1)).counted == 6000
        assert not TierPeriod.objects.filter(member=twin, ends_at=None).exists()

    @pytest.mark.usefixtures("ladder")
    def test_lets_both_together_reach_what_neither_had(self, vera, twin, olga):
        buy(vera, 6000)
        buy(twin, 4000)

        self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        assert has(vera)[-1] == ("guld", "REACHED")

    @pytest.mark.usefixtures("ladder")
    @pytest.mark.parametrize(
        ("first", "second"), [(6000, 5000), (0, 5000), (5000, 0), (10000, 1)]
    )
    def test_is_undone_to_what_both_had(self, vera, twin, olga, first, second):
        for member, spend in ((vera, first), (twin, second)):
            if spend:
                buy(member, spend)
        before = [
            (key_at(each, MARCH), each.pk, total_of(each)) for each in (vera, twin)
        ]
        merge = self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        undo_merge(merge=merge, staff=olga, now=MARCH + timedelta(days=2))

        later = MARCH + timedelta(days=3)
        assert [
            (key_at(each, later), each.pk, total_of(each)) for each in (vera, twin)
        ] == before

    @pytest.mark.usefixtures("ladder")
    def test_undone_leaves_what_both_did_as_it_was_together(self, vera, twin, olga):
        buy(vera, 100)
        buy(twin, 500)
        merge = self.merge(vera, twin, olga, MARCH + timedelta(days=1))
        # What came back meanwhile is gone for one of them, and never counted twice.
        buy(vera, -500, MARCH + timedelta(days=1), on=MARCH.date())

        undo_merge(merge=merge, staff=olga, now=MARCH + timedelta(days=2))

        assert total_of(vera) + total_of(twin) == 100
        assert min(total_of(vera), total_of(twin)) >= 0

    @pytest.mark.usefixtures("ladder")
    def test_keeps_a_tier_that_was_given(self, vera, twin, olga):
        buy(vera, 5000)
        services.grant(
            member=twin,
            key="guld",
            until=date(2026, 6, 30),
            reason="Flood in the shop",
            staff=olga,
            now=MARCH,
        )

        self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        period = selectors.open_period(vera)
        assert (period.key, period.cause, period.below_key) == (
            "guld",
            "GRANTED",
            "silver",
        )


def total_of(member):
    return sum(
        Activity.objects.filter(member=member).values_list("spend", flat=True),
        Decimal(0),
    )


class TestTheCostAtTheTill:
    @pytest.mark.usefixtures("ladder")
    def test_does_not_grow_with_what_was_bought_before_the_window(self, vera):
        """Days of years ago are in the table, and no row of them is read."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO points_activity
                    (member_id, "on", spend, visits, points, actions)
                SELECT %s, date '2026-03-10' - day, 1, 1, 1, 0
                FROM generate_series(1, 6000) day
                """,
                [vera.pk],
            )
            cursor.execute("ANALYZE points_activity")
            cursor.execute(
                """
                EXPLAIN (ANALYZE, FORMAT JSON) SELECT sum(spend) FROM points_activity a
                WHERE a.member_id = %s
                    AND a."on" BETWEEN points_tier_begins('rolling', %s, NULL) AND %s
                """,
                [vera.pk, MARCH.date(), MARCH.date()],
            )
            (plan,) = cursor.fetchone()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        node = plan[0]["Plan"]
        while "Plans" in node and "Index Cond" not in node:
            node = node["Plans"][0]

        assert "member_id" in node["Index Cond"]
        assert "on" in node["Index Cond"]
        assert node["Actual Rows"] <= 366
        assert node.get("Rows Removed by Filter", 0) == 0


class TestPeriods:
    @pytest.mark.usefixtures("ladder")
    def test_of_a_member_cannot_overlap(self, vera):
        buy(vera, 5000)
        first = TierPeriod.objects.get(member=vera)
        fields = {
            "member": vera,
            "key": "guld",
            "rank": 2,
            "rule_id": first.rule_id,
            "holds_until": date(2028, 1, 1),
            "cause": "REACHED",
        }

        with (
            pytest.raises(IntegrityError, match="tierperiod_no_overlap"),
            transaction.atomic(),
        ):
            TierPeriod.objects.create(starts_at=MARCH + timedelta(days=9), **fields)
        with (
            pytest.raises(IntegrityError, match="tierperiod_no_overlap"),
            transaction.atomic(),
        ):
            TierPeriod.objects.create(
                starts_at=MARCH - timedelta(days=9),
                ends_at=MARCH + timedelta(seconds=1),
                **fields,
            )
        # They may meet.
        TierPeriod.objects.create(
            starts_at=MARCH - timedelta(days=9), ends_at=MARCH, **fields
        )

    @pytest.mark.usefixtures("ladder")
    def test_are_deleted_with_what_they_were_counted_from(self, vera):
        buy(vera, 5000)

        erase_member(member=vera, now=MARCH + timedelta(days=1))

        assert not TierPeriod.objects.filter(member=vera).exists()
        assert not Activity.objects.filter(member=vera).exists()


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


@pytest.mark.django_db(transaction=True)
class TestTwoReceiptsAtOnce:
    """Each is half of what is needed; whichever commits last must see both."""

    def at_once(self, vera):
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=1,
            key="first",
            at=MARCH,
            now=MARCH,
        )
        assert Account.objects.filter(member=vera).exists()
        started, failures = threading.Barrier(2, timeout=20), []

        def till(day):
            try:
                with transaction.atomic():
                    started.wait()
                    did(vera, date(2026, 3, day), 2500, now=MARCH)
                    # Both have counted before either commits, unless one waits.
                    with suppress(threading.BrokenBarrierError):
                        started.wait(timeout=0.5)
            except Exception as error:  # noqa: BLE001 - said by the test
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=till, args=[day]) for day in (8, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []

    @pytest.mark.usefixtures("ladder")
    def test_reach_the_tier_together(self, vera):
        self.at_once(vera)

        assert has(vera) == [("silver", "REACHED")]

    @pytest.mark.usefixtures("ladder")
    def test_would_miss_it_without_the_lock(self, vera):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef('points_tier_rise'::regproc)")
            with_lock = cursor.fetchone()[0]
            lock = "PERFORM FROM points_account a WHERE a.member_id = p_member"
            assert lock in with_lock
            cursor.execute(with_lock.replace(f"{lock} FOR UPDATE", lock))
        try:
            self.at_once(vera)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(with_lock)

        assert has(vera) == []
