"""A published version that has not started can be withdrawn; then it counts nowhere."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from time import sleep

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from psycopg import sql

from consent.models import Channel
from members import events as log
from members.models import Event
from messaging import notices as messages
from messaging.models import Message
from offers.models import Voucher
from offers.vouchers.nightly import issue_due
from points import kinds
from points.actions import following
from points.models import EarningRule, Entry
from points.programme import drafts, notices, running_down, versions, withdrawing
from points.programme.drafts import Start
from points.programme.leaflet import leaflet_of
from points.programme.withdrawing import HasStarted, IsFollowed, NotPublished
from points.reading import dump
from points.selectors import find_rule, find_version
from points.services import RuleInvalid, post, publish_rule
from points.terms import Ladder, Terms, VoucherMode, Vouchers
from points.tiers.selectors import tier_of
from purchases.loading.services import load_receipts
from purchases.models import Receipt
from purchases.replay import services as replays
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import TillClient, line, receipt
from tests.factories.stores import ApiKeyFactory, StoreFactory
from tests.messaging.test_notices import patiently
from tests.points.programme.test_drafts import change
from tests.points.programme.versions import tier
from tests.purchases import books

pytestmark = pytest.mark.django_db
# By the clock of the database, far from now: what is told is told on days between.
STARTS = datetime(2060, 2, 1, tzinfo=UTC)
TOLD = date(2059, 12, 1)
MORNING = datetime(2059, 12, 1, 9, 0, tzinfo=UTC)
AFTER = STARTS + timedelta(days=10)


def coming(programme, *, starts_at=STARTS, **changes):
    """A version that gives ten times as much, so that nobody can miss it."""
    values = {"points_per_unit": Decimal(10), **changes}
    return EarningRuleFactory(
        programme=programme, starts_at=starts_at, published=True, **values
    )


def withdrawn(programme, mia, now, **changes):
    row = coming(programme, **changes)
    return withdrawing.withdraw(version=row, staff=mia, now=now)


def soon(seconds):
    """A start by the clock of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() + %s * interval '1 s'", [seconds])
        return cursor.fetchone()[0]


class TestWithdraw:
    def test_keeps_the_version_with_its_number(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        assert row.status == EarningRule.Status.WITHDRAWN
        assert (row.withdrawn_by, row.withdrawn_at) == (mia, now)
        assert (row.version, draft.version) == (2, 3)
        entry = AuditEntry.objects.get(action=withdrawing.WITHDRAWN)
        assert (entry.actor_id, entry.subject) == (mia.public_id, str(row.public_id))
        assert entry.data["version"] == 2

    def test_refuses_what_has_started(self, mia, now, in_force):
        with pytest.raises(HasStarted):
            withdrawing.withdraw(version=in_force, staff=mia, now=now)

        in_force.refresh_from_db()
        assert in_force.status == EarningRule.Status.PUBLISHED
        assert not AuditEntry.objects.filter(action=withdrawing.WITHDRAWN).exists()

    def test_goes_by_the_clock_of_the_database(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(-1))

        # The server's clock stands still, long before the start.
        with pytest.raises(HasStarted):
            withdrawing.withdraw(
                version=row, staff=mia, now=datetime(2020, 1, 1, tzinfo=UTC)
            )

    def test_refuses_drafts_and_what_was_withdrawn(self, programme, mia, now, in_force):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        gone = withdrawn(programme, mia, now)

        for row in (draft, gone):
            with pytest.raises(NotPublished):
                withdrawing.withdraw(version=row, staff=mia, now=now)

    def test_begins_with_the_last_one(self, programme, mia, now, in_force):
        first = coming(programme)
        # It was measured against the first, and says nothing of what came before.
        second = coming(programme, starts_at=STARTS + timedelta(days=30))

        with pytest.raises(IsFollowed):
            withdrawing.withdraw(version=first, staff=mia, now=now)
        for row in (second, first):
            withdrawing.withdraw(version=row, staff=mia, now=now)

        assert versions.list_versions(programme, now).newest == in_force

    def test_refuses_what_a_till_that_was_ahead_has_used(
        self, programme, mia, now, in_force
    ):
        row = coming(programme, starts_at=soon(300))
        post(
            member_id=MemberFactory(programme=programme).pk,
            kind=Entry.Kind.EARN,
            points=10,
            key="early",
            at=row.starts_at,
            now=row.starts_at,
            rule_id=row.pk,
        )

        with pytest.raises(HasStarted):
            withdrawing.withdraw(version=row, staff=mia, now=now)

    def test_refuses_what_is_on_a_receipt_without_points(
        self, programme, mia, now, in_force, api_key, time_machine
    ):
        StoreFactory(programme=programme, code="101")
        row = coming(programme, starts_at=soon(300))
        time_machine.move_to(row.starts_at + timedelta(seconds=1))
        TillClient(api_key).record(receipt(line("1.00"), at=row.starts_at))
        assert Receipt.objects.get().rule == row

        with pytest.raises(HasStarted):
            withdrawing.withdraw(version=row, staff=mia, now=now)

    def test_makes_room_for_another_at_the_same_moment(
        self, programme, mia, now, in_force
    ):
        withdrawn(programme, mia, now)

        again = coming(programme)

        assert (again.version, again.starts_at) == (3, STARTS)

    def test_is_for_good(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)

        with pytest.raises(RuleInvalid):
            publish_rule(rule=row, now=now)


class TestRawSql:
    def refused(self, row, assignment):
        statement = sql.SQL("UPDATE points_earningrule SET {} WHERE id = {}").format(
            sql.SQL(assignment), row.pk
        )
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            connection.cursor().execute(statement)
        return refused.value.__cause__.sqlstate

    WITHDRAW = "status = 'WITHDRAWN', withdrawn_at = now()"

    def test_cannot_withdraw_after_the_start(self, programme, in_force):
        started = coming(programme, starts_at=soon(-1))

        assert self.refused(started, self.WITHDRAW) == "SKP07"
        assert self.refused(in_force, self.WITHDRAW) == "SKP07"

    @pytest.mark.parametrize(
        "assignment",
        [
            WITHDRAW + ", points_per_unit = 99",
            WITHDRAW + ", starts_at = starts_at + interval '1 day'",
            "status = 'DRAFT'",
            "title = 'other'",
        ],
    )
    def test_cannot_change_anything_with_it(self, programme, in_force, assignment):
        assert self.refused(coming(programme), assignment) == "23001"

    @pytest.mark.parametrize(
        "assignment",
        ["status = 'PUBLISHED', withdrawn_at = NULL", "title = 'other'"],
    )
    def test_cannot_bring_it_back_or_change_it(
        self, programme, mia, now, in_force, assignment
    ):
        assert self.refused(withdrawn(programme, mia, now), assignment) == "23001"

    def test_cannot_delete_it(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)

        with pytest.raises(DatabaseError), transaction.atomic():
            EarningRule.objects.filter(pk=row.pk).delete()

    def test_cannot_withdraw_a_draft(self, programme, mia, now, in_force):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        assert self.refused(draft, self.WITHDRAW) == "23001"

    def test_cannot_name_it_afterwards(self, programme, mia, now, in_force):
        row = withdrawn(programme, mia, now)

        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            post(
                member_id=MemberFactory(programme=programme).pk,
                kind=Entry.Kind.EARN,
                points=10,
                key="late",
                at=AFTER,
                now=AFTER,
                rule_id=row.pk,
            )

        # Whoever looked it up before tries again.
        assert refused.value.__cause__.sqlstate == "40001"


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


class TestTellingThatItIsOff:
    @pytest.fixture
    def worse(self, programme, mia, now, in_force):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        change(draft, mia, now, points_per_unit=Decimal("0.5"))
        return drafts.publish(
            draft=draft, start=Start(STARTS, told_on=TOLD), staff=mia, now=now
        )

    def told(self, member):
        return list(
            Event.objects.filter(member=member, kind__startswith="points.programme")
            .order_by("pk")
            .values_list("kind", flat=True)
        )

    def test_goes_to_whoever_was_told_by_day_and_once(self, programme, mia, worse):
        member = MemberFactory(programme=programme)
        notices.tell_members(now=MORNING)
        joined = MemberFactory(programme=programme)
        evening = MORNING + timedelta(hours=12)
        withdrawing.withdraw(version=worse, staff=mia, now=evening)

        assert notices.tell_members(now=evening) == 0
        assert notices.tell_members(now=MORNING + timedelta(days=1)) == 1
        assert notices.tell_members(now=MORNING + timedelta(days=1, hours=1)) == 0

        assert self.told(member) == [kinds.PROGRAMME_CHANGED, kinds.PROGRAMME_STAYS]
        assert self.told(joined) == []
        event = Event.objects.get(kind=kinds.PROGRAMME_STAYS)
        assert "2060" in log.describe(event)
        assert AuditEntry.objects.filter(action=notices.TOLD_OFF).count() == 1

    def test_is_not_needed_when_nobody_was_told(self, programme, mia, worse):
        member = MemberFactory(programme=programme)
        withdrawing.withdraw(version=worse, staff=mia, now=MORNING - timedelta(days=1))

        assert notices.tell_members(now=MORNING) == 0
        assert self.told(member) == []

    def test_does_not_tell_of_what_is_withdrawn_at_this_moment(
        self, programme, mia, worse
    ):
        member = MemberFactory(programme=programme)
        # A worker found it due, and waits for the row that the withdrawal holds.
        found = EarningRule.objects.select_related("programme").get(pk=worse.pk)
        withdrawing.withdraw(version=worse, staff=mia, now=MORNING)

        assert notices._tell(found, MORNING) == 0
        assert self.told(member) == []
        assert not AuditEntry.objects.filter(action=notices.TOLD).exists()

    # The log is read up to the oldest transaction that is open.
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("language", "subject", "text"),
        [
            ("sv", "ändras inte 1 februari 2060", "fortsätter som förut"),
            ("da", "ændres ikke 1. februar 2060", "fortsætter som før"),
            ("en", "do not change on 1 february 2060", "goes on as before"),
        ],
        ids=["sv", "da", "en"],
    )
    def test_is_sent_in_the_language_of_the_member(
        self, programme, mia, worse, monkeypatch, language, subject, text
    ):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)
        MemberFactory(programme=programme, language=language, email="vera@example.com")
        notices.tell_members(now=MORNING)
        withdrawing.withdraw(version=worse, staff=mia, now=MORNING)
        notices.tell_members(now=MORNING + timedelta(hours=1))
        patiently(lambda: messages.follow(now=MORNING + timedelta(hours=1)))

        letter = Message.objects.get(channel=Channel.EMAIL, kind="programme_stays")
        assert subject in letter.subject.lower()
        assert text in letter.body
        assert Message.objects.filter(channel=Channel.SMS, body__contains=text).exists()


class TestVersionWithdraw:
    """At the desk."""

    def act(self, desk, row):
        return desk.post(reverse("points:version-withdraw", args=[row.public_id]))

    def page(self, desk, row):
        url = reverse("points:version-detail", args=[row.public_id])
        return desk.get(url).content.decode()

    def test_asks_first_and_says_what_becomes_of_it(self, desk, programme, in_force):
        row = coming(programme)
        address = reverse("points:version-withdraw", args=[row.public_id])

        assert f'action="{address}"' in self.page(desk, row)
        assert "Withdraw version 2?" in self.page(desk, row)
        answer = self.act(desk, row)

        assert answer["Location"] == reverse(
            "points:version-detail", args=[row.public_id]
        )
        page = self.page(desk, row)
        assert "it never holds" in page
        assert "Would have held from" in page
        assert f'action="{address}"' not in page
        overview = desk.get(reverse("points:programme")).content.decode()
        assert "Withdrawn before they started" in overview

    def test_does_not_offer_it_of_what_holds_or_is_followed(
        self, desk, programme, in_force
    ):
        first = coming(programme)
        second = coming(programme, starts_at=STARTS + timedelta(days=30))

        offered = [
            "Withdraw version" in self.page(desk, row)
            for row in (in_force, first, second)
        ]

        assert offered == [False, False, True]

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (0, "It has started and cannot be withdrawn."),
            (1, "Another version follows"),
        ],
        ids=["started", "followed"],
    )
    def test_says_why_it_cannot_be(self, desk, programme, in_force, number, said):
        rows = [in_force, coming(programme)]
        coming(programme, starts_at=STARTS + timedelta(days=30))

        self.act(desk, rows[number])

        assert said in self.page(desk, rows[number])
        rows[number].refresh_from_db()
        assert rows[number].status == EarningRule.Status.PUBLISHED

    def test_says_that_it_was_withdrawn_already(self, desk, programme, in_force):
        row = coming(programme)
        self.act(desk, row)

        self.act(desk, row)

        assert "There is nothing to withdraw." in self.page(desk, row)

    def test_copies_it_to_a_draft(self, desk, programme, in_force):
        row = coming(programme)
        self.act(desk, row)

        desk.post(reverse("points:draft-add"), {"source": str(row.public_id)})

        draft = EarningRule.objects.get(status=EarningRule.Status.DRAFT)
        assert (draft.points_per_unit, draft.version) == (Decimal(10), 3)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """Two connections: one withdraws, another starts to use the version."""

    def together(self, *acts):
        barrier = Barrier(len(acts))
        outcomes = [None] * len(acts)

        def run(place, act):
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT 1")
                    barrier.wait(timeout=20)
                    act()
                outcomes[place] = "done"
            except HasStarted:
                outcomes[place] = "started"
            except DatabaseError as error:
                outcomes[place] = getattr(error.__cause__, "sqlstate", "error")
            finally:
                connection.close()

        threads = [
            Thread(target=run, args=(place, act)) for place, act in enumerate(acts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return outcomes

    def use(self, member, row):
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=10,
            key="race",
            at=row.starts_at,
            now=row.starts_at,
            rule_id=row.pk,
        )

    def test_either_a_till_uses_it_or_it_is_withdrawn(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(300))
        member = MemberFactory(programme=programme)
        now = datetime.now(UTC)

        def use():
            self.use(member, row)
            sleep(0.3)

        def withdraw():
            sleep(0.1)
            withdrawing.withdraw(version=row, staff=mia, now=now)

        # The till is first and takes its time: the withdrawal waits, and sees it.
        assert self.together(use, withdraw) == ["done", "started"]

    def test_a_till_that_comes_second_does_not_use_it(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(300))
        member = MemberFactory(programme=programme)
        now = datetime.now(UTC)

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.3)

        def use():
            # It looked the version up before.
            sleep(0.1)
            self.use(member, row)

        assert self.together(withdraw, use) == ["done", "40001"]
        assert not Entry.objects.filter(rule=row).exists()

    def test_a_receipt_that_comes_second_goes_by_the_version_that_stays(
        self, programme, mia, in_force
    ):
        vera = MemberFactory(programme=programme)
        StoreFactory(programme=programme, code="101")
        row = coming(programme, starts_at=soon(300))
        key = ApiKeyFactory(programme=programme)
        now = datetime.now(UTC)
        answers = []

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.5)

        def sell():
            sleep(0.1)
            # The till's clock is five minutes ahead.
            body = receipt(line("100.00"), phone=vera.phone, at=row.starts_at)
            answers.append(TillClient(key).record(body))

        assert self.together(withdraw, sell) == ["done", "done"]
        assert answers[0]["pointsEarned"] == 100
        assert Receipt.objects.get().rule == in_force

    def test_without_the_guard_both_would_have_done_it(self, programme, mia, in_force):
        row = coming(programme, starts_at=soon(300))
        member = MemberFactory(programme=programme)
        now = datetime.now(UTC)
        guard = "ALTER TABLE points_entry {} TRIGGER entry_version_is_held"

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.3)

        def use():
            sleep(0.1)
            self.use(member, row)

        with connection.cursor() as cursor:
            cursor.execute(guard.format("DISABLE"))
        try:
            outcomes = self.together(withdraw, use)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(guard.format("ENABLE"))

        assert outcomes == ["done", "done"]

    def test_a_withdrawal_that_takes_until_the_start_is_undone(
        self, programme, mia, in_force
    ):
        row = coming(programme, starts_at=soon(0.6))

        def slow():
            withdrawing.withdraw(version=row, staff=mia, now=datetime.now(UTC))
            sleep(0.8)

        assert self.together(slow) == ["SKP07"]
        row.refresh_from_db()
        assert row.status == EarningRule.Status.PUBLISHED

    def test_nobody_publishes_after_one_that_is_being_withdrawn(
        self, programme, mia, now, in_force
    ):
        row = coming(programme)
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        def withdraw():
            withdrawing.withdraw(version=row, staff=mia, now=now)
            sleep(0.3)

        def publish():
            sleep(0.1)
            drafts.publish(
                draft=draft,
                start=Start(STARTS + timedelta(days=30)),
                staff=mia,
                now=now,
            )

        # It is measured against what is in force, not against what is gone.
        assert self.together(withdraw, publish) == ["done", "done"]
        draft.refresh_from_db()
        assert draft.status == EarningRule.Status.PUBLISHED
        assert versions.find_before(draft) == in_force
