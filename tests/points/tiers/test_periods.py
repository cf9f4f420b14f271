"""What the database holds about tiers, and what asking it costs."""

import json
import threading
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from consent.erasure import erase_member
from points.models import Account, Activity, Entry, TierPeriod
from points.services import post
from tests.factories.tiers import (
    MARCH,
    buy,
    did,
    has,
)

pytestmark = pytest.mark.django_db


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
