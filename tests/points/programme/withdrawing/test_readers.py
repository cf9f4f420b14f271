"""Who reads versions reads none that was withdrawn."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client

from offers.models import Voucher
from offers.vouchers.nightly import issue_due
from points.actions import following
from points.models import Entry
from points.programme import drafts, running_down, versions
from points.programme.leaflet import leaflet_of
from points.reading import dump
from points.selectors import find_rule, find_version
from points.services import post
from points.terms import Ladder, Terms, VoucherMode, Vouchers
from points.tiers.selectors import tier_of
from purchases.loading.services import load_receipts
from purchases.models import Receipt
from purchases.replay import services as replays
from tests.factories.members import MemberFactory
from tests.factories.purchases import TillClient, line, receipt
from tests.factories.stores import ApiKeyFactory, StoreFactory
from tests.points.programme.versions import tier
from tests.points.programme.withdrawing.coming import (
    AFTER,
    withdrawn,
)
from tests.purchases import books

pytestmark = pytest.mark.django_db


class TestReaders:
    """Each asks after the day on which the version would have started."""

    @pytest.fixture
    def gone(self, programme, mia, now, in_force):
        terms = Terms(
            vouchers=Vouchers(mode=VoucherMode.AUTOMATIC),
            ladder=Ladder(tiers=(tier("bas", 0), tier("guld", 1))),
            actions=(),
        )
        return withdrawn(
            programme,
            mia,
            now,
            terms=dump(terms),
            point_value=Decimal("0.5"),
            runs_down_until=date(2060, 6, 1),
        )

    def test_of_the_rule_in_force(self, programme, in_force, gone):
        for found in (
            find_rule(programme_id=programme.pk, at=AFTER),
            find_rule(programme_id=programme.pk),
            find_version(programme_id=programme.pk, at=AFTER),
        ):
            assert found.id == in_force.pk
            assert found.point_value == in_force.point_value

    def test_of_the_versions(self, programme, mia, now, in_force, gone):
        for moment in (now, AFTER):
            found = versions.list_versions(programme, moment)
            assert (found.in_force, found.newest) == (in_force, in_force)
            assert (found.coming, found.past) == ([], [])
            assert found.withdrawn == [gone]
        assert versions.find_in_force(programme, AFTER) == in_force
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        assert versions.find_before(draft) == in_force
        assert draft.points_per_unit == in_force.points_per_unit

    def test_of_the_sentences(self, programme, in_force, gone):
        assert leaflet_of(programme, now=AFTER).version == in_force.version
        said = " ".join(
            each.text for each in running_down.said_at(programme, now=AFTER)
        )
        assert "10 points per" not in said
        assert ": " not in said

    def test_at_tills(self, programme, in_force, gone, time_machine):
        vera = MemberFactory(programme=programme)
        StoreFactory(programme=programme, code="101")
        time_machine.move_to(AFTER + timedelta(minutes=1))

        answer = TillClient(ApiKeyFactory(programme=programme)).record(
            receipt(line("100.00"), phone=vera.phone, at=AFTER)
        )

        assert answer["pointsEarned"] == 100
        assert answer["pointsBalanceWorth"] == "10.00"
        assert Receipt.objects.get().rule == in_force

    def test_of_loads(self, programme, in_force, gone):
        StoreFactory(programme=programme, code=books.receipt().store_code)
        at = datetime(2026, 3, 14, 11, 30, tzinfo=UTC)

        load_receipts(
            programme=programme,
            receipts=[books.receipt(books.item("100.00"), at=at)],
            now=AFTER,
        )
        load_receipts(
            programme=programme,
            receipts=[books.receipt(books.item("100.00"), at=AFTER)],
            now=AFTER,
        )

        assert set(Receipt.objects.values_list("rule_id", flat=True)) == {in_force.pk}

    def test_of_vouchers_and_tiers(self, programme, in_force, gone):
        member = MemberFactory(programme=programme)
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=900,
            key="many",
            at=AFTER,
            now=AFTER,
        )

        # By the version that was withdrawn nobody is asked, and there are tiers.
        assert issue_due(now=AFTER) == 0
        assert not Voucher.objects.exists()
        assert tier_of(member, AFTER) is None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT keys FROM points_ladder(%s, %s)", [programme.pk, AFTER]
            )
            assert cursor.fetchone() == (None,)
            cursor.execute("SELECT offers_follow_receipts(%s)", [programme.pk])
            assert cursor.fetchone() == (False,)

    def test_in_sql_ask_for_what_is_published(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT proname, prosrc FROM pg_proc"
                " WHERE prosrc LIKE '%points_earningrule%' AND prosrc ~ 'starts_at <'"
            )
            found = dict(cursor.fetchall())

        assert {"purchases_context", "points_rule_at", "points_ladder"} <= {*found}
        assert [name for name, text in found.items() if "PUBLISHED" not in text] == [
            # It holds what is named already.
            "points_version_is_held"
        ]

    def test_of_actions(self, programme, in_force, gone):
        found = following._Versions().at(programme.pk, AFTER)

        assert found.id == in_force.pk

    def test_of_replays(self, programme, mia, in_force, gone):
        draft = drafts.create_draft(programme=programme, staff=mia, now=AFTER)

        replay = replays.start_replay(rule=draft, months=12, staff=mia, now=AFTER)

        assert replay.beside == in_force

    def test_over_the_api(self, programme, in_force, gone, time_machine):
        vera = MemberFactory(programme=programme, phone="+46701740605")
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=100,
            key="some",
            at=AFTER,
            now=AFTER,
        )
        time_machine.move_to(AFTER)
        auth = {"Authorization": f"Bearer {ApiKeyFactory(programme=programme).plain}"}

        said = Client().get("/api/v1/programme", headers=auth).json()
        looked_up = Client().post(
            "/api/v1/members/lookup",
            data=json.dumps({"mobile": "0701740605"}),
            content_type="application/json",
            headers=auth,
        )

        assert (said["version"], said["betterTermsUntil"]) == (in_force.version, None)
        assert looked_up.json()["pointsWorth"] == "10.00"
