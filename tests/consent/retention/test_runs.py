"""The nightly letting go: complete, in batches, one at a time, and after a look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
import time_machine
from django.apps import apps
from django.db import connection

from consent.models import (
    ConsentEntry,
    Erasure,
    InactivityNotice,
    RetentionCount,
    RetentionRun,
)
from consent.retention import kinds, runs, tasks
from consent.retention.kinds import Due, find
from consent.retention.periods import period_of, set_period
from members.models import Event, Member
from points.models import Entry
from purchases.models import MonthSum, Receipt, ReceiptLine
from stores import audit
from stores.models import AuditEntry
from tests.consent.retention.aged import LONG_AGO, fill, member_of
from tests.factories.club import buy, line, open_club, returned
from tests.factories.stores import ProgrammeFactory, StaffFactory, StoreFactory

NOW = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0)
State = RetentionRun.State


@pytest.fixture
def club(db):
    club = ProgrammeFactory(country="DK", currency="DKK", language="da")
    open_club(club)
    return club


@pytest.fixture
def shop(club):
    return StoreFactory(programme=club)


@pytest.fixture
def officer(club):
    return StaffFactory(programme=club)


@pytest.fixture
def aged(club, shop, officer):
    return fill(club, shop, officer, NOW - timedelta(days=3))


def counts(club, now=NOW):
    return {
        kind.key: kind.count(Due(club, period_of(club, kind).before(club, now), now))
        for kind in kinds.kinds()
    }


def rows():
    """Count the rows of every table but those of the runs and the trail."""
    own = {RetentionRun, RetentionCount, AuditEntry}
    return {
        model._meta.label: model._base_manager.count()
        for model in apps.get_models()
        if model not in own and model._meta.managed
    }


def old_receipts(member, shop, number, at=NOW - timedelta(days=800)):
    """Make receipts past their time without the till's whole way."""
    first = buy(member, shop, line("10.00"), now=at)
    copies = []
    for place in range(number - 1):
        copy = Receipt.objects.get(pk=first.pk)
        copy.pk, copy.public_id = None, None
        copy.public_id = Receipt._meta.get_field("public_id").get_default()
        copy.unique_receipt_id = f"C-{place}"
        copies.append(copy)
    Receipt.objects.bulk_create(copies)


class TestAnAgedClub:
    def test_has_nothing_past_its_time_after_a_run(self, club, aged, officer):
        before = counts(club)
        assert [key for key, found in before.items() if not found] == []

        done = runs.run(programme=club, now=NOW, staff=officer)

        assert (done.state, done.error) == (State.DONE, "")
        assert {key: left for key, left in counts(club).items() if left} == {}
        assert dict(done.counts.values_list("kind", "found")) == before
        let_go = dict(done.counts.values_list("kind", "done"))
        # What is erased in a run brings nothing more, and takes nothing away.
        assert let_go == before

    def test_is_counted_without_a_change(self, club, aged, officer):
        before = rows()

        done = runs.dry_run(programme=club, now=NOW, staff=officer)

        assert done.state == State.DONE
        assert rows() == before
        assert sum(done.counts.values_list("done", flat=True)) == 0
        assert dict(done.counts.values_list("kind", "found")) == counts(club)

    def test_keeps_what_its_chains_prove(self, club, aged, officer):
        audit.record(programme=club, actor=officer, action="test.again", now=NOW)

        runs.run(programme=club, now=NOW, staff=None)

        assert not AuditEntry.objects.filter(action="test.done").exists()
        assert AuditEntry.objects.filter(action="test.again").exists()
        assert audit.verify().is_whole

    def test_keeps_the_proof_of_members(self, club, aged, officer):
        from_before = ConsentEntry.objects.exclude(
            member__status=Member.Status.ERASED
        ).count()

        runs.run(programme=club, now=NOW, staff=None)

        assert ConsentEntry.objects.count() == from_before

    def test_erases_who_was_told_three_times(self, club, aged):
        runs.run(programme=club, now=NOW, staff=None)

        aged.refresh_from_db()
        assert aged.status == Member.Status.ERASED
        note = Erasure.objects.get(member_id=aged.public_id)
        assert note.reason == Erasure.Reason.INACTIVE
        assert not InactivityNotice.objects.exists()

    def test_is_found_by_a_few_questions(
        self, club, aged, officer, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(12 * len(kinds.kinds())):
            runs.dry_run(programme=club, now=NOW, staff=officer)


class TestReceipts:
    def test_stay_for_the_books_and_lead_to_nobody(self, club, shop):
        member = member_of(club)
        at = NOW - timedelta(days=731)
        bought = buy(
            member,
            shop,
            line("80.00", article_group="Garn"),
            line("20.00", article_group="Pinde"),
            now=at,
        )
        buy(member, shop, returned("20.00", number=2), now=NOW, original=bought)
        young = buy(member, shop, line("5.00"), now=NOW)
        balance = member.account.balance

        runs.run(programme=club, now=NOW, staff=None)

        cut = Receipt.objects.get(pk=bought.pk)
        assert (cut.member, cut.total, cut.contact_index) == (None, bought.total, None)
        assert cut.business_on == bought.business_on
        assert list(Receipt.objects.filter(member=member)) == [young]
        assert set(ReceiptLine.objects.filter(member=member)) == set(young.lines.all())
        # Neither by the id that points and timeline name, nor by the second.
        named = set(Entry.objects.values_list("source_id", flat=True)) | set(
            Event.objects.values_list("subject_id", flat=True)
        )
        assert cut.public_id not in named
        assert bought.public_id != cut.public_id
        assert not Entry.objects.filter(at=cut.purchased_at).exists()
        assert not Event.objects.filter(subject_id=bought.public_id).exists()
        member.account.refresh_from_db()
        assert member.account.balance == balance
        sums = MonthSum.objects.filter(member=member)
        assert {
            (each.article_group, each.month.day): each.amount
            for each in sums
            if each.amount > 0
        } == {("Garn", 1): Decimal("80.00"), ("Pinde", 1): Decimal("20.00")}
        # A return goes with its purchase, into its own month.
        assert sum(each.amount for each in sums) == Decimal("80.00")

    def test_of_somebody_elses_club_stay(self, club, shop):
        other = ProgrammeFactory()
        open_club(other)
        theirs = buy(
            member_of(other),
            StoreFactory(programme=other),
            line("10.00"),
            now=LONG_AGO,
        )

        runs.run(programme=club, now=NOW, staff=None)

        assert Receipt.objects.get(pk=theirs.pk).member_id == theirs.member_id

    @pytest.mark.parametrize("what", ["receipts", "messages", "contacts"])
    def test_that_are_young_stay(self, club, shop, officer, what):
        kind = find(what)
        due = Due(club, period_of(club, kind).before(club, NOW), NOW)
        buy(member_of(club), shop, line("5.00"), now=due.before)

        assert kind.count(due) == 0
        assert kind.prune(due, 100) == 0


class TestARunThatIsKilled:
    def test_goes_on_where_it_stopped(self, club, shop, officer):
        old_receipts(member_of(club), shop, 25)
        run = runs.begin(programme=club, is_dry=False, staff=None, now=NOW)
        looks = iter([False] * (len(kinds.kinds()) + 3))

        runs.go_on(run=run, now=NOW, is_over=lambda: next(looks, True), batch=10)

        run.refresh_from_db()
        assert run.state == State.RUNNING
        done = run.counts.get(kind="receipts").done
        assert 0 < done < 25
        assert Receipt.objects.filter(member=None).count() == done

        runs.go_on(run=run, now=NOW + timedelta(hours=1), batch=10)

        assert run.state == State.DONE
        assert run.counts.get(kind="receipts").done == 25
        assert not Receipt.objects.exclude(member=None).exists()
        # Each receipt in the sums once, however the batches fell.
        assert sum(MonthSum.objects.values_list("receipts", flat=True)) == 1

    def test_leaves_half_a_batch_undone(self, club, shop, monkeypatch):
        old_receipts(member_of(club), shop, 5)
        run = runs.begin(programme=club, is_dry=False, staff=None, now=NOW)
        real = find("receipts").prune

        def die(due, limit):
            real(due, limit)
            raise KeyboardInterrupt

        broken = {each.key: each for each in kinds.kinds()}
        broken["receipts"] = replace(broken["receipts"], prune=die)
        with monkeypatch.context() as patch:
            patch.setattr(kinds, "_kinds", broken)
            with pytest.raises(KeyboardInterrupt):
                runs.go_on(run=run, now=NOW)
        assert not Receipt.objects.filter(member=None).exists()

        runs.go_on(run=run, now=NOW)

        assert run.state == State.DONE
        assert not Receipt.objects.exclude(member=None).exists()


class TestAKindThatFails:
    def test_stops_no_other(self, club, shop, officer, aged, monkeypatch):
        def fail(_due, _limit):
            raise RuntimeError

        planted = {each.key: each for each in kinds.kinds()}
        planted["receipts"] = replace(planted["receipts"], prune=fail)
        monkeypatch.setattr(kinds, "_kinds", planted)

        done = runs.run(programme=club, now=NOW, staff=None)

        assert done.state == State.FAILED
        assert done.error == "receipts: RuntimeError"
        left = {key for key, found in counts(club).items() if found}
        assert left == {"receipts"}

    def test_is_stopped_when_more_goes_than_was_found(self, club, monkeypatch):
        planted = {each.key: each for each in kinds.kinds()}
        planted["receipts"] = replace(
            planted["receipts"], count=lambda _due: 1, prune=lambda _due, limit: limit
        )
        monkeypatch.setattr(kinds, "_kinds", planted)

        done = runs.run(programme=club, now=NOW, staff=None)

        assert done.error == "receipts: _MoreThanCounted"


class TestFarMoreThanUsual:
    @pytest.fixture
    def held(self, club, shop, settings):
        settings.RETENTION_HOLD_ROWS = 5
        old_receipts(member_of(club), shop, 6)
        return runs.run(programme=club, now=NOW, staff=None)

    def test_waits_for_a_person(self, held):
        assert held.state == State.HELD
        count = held.counts.get(kind="receipts")
        assert (count.is_held, count.found, count.done) == (True, 6, 0)
        assert Receipt.objects.exclude(member=None).count() == 6

    def test_goes_on_when_somebody_has_looked(self, held, officer):
        runs.confirm(run=held, kind="receipts", staff=officer, now=NOW)
        assert held.state == State.RUNNING

        runs.go_on(run=held, now=NOW)

        assert held.state == State.DONE
        assert not Receipt.objects.exclude(member=None).exists()
        assert AuditEntry.objects.filter(action=runs.CONFIRMED).exists()

    def test_is_counted_anew_the_next_night(self, held, club):
        again = runs.run(programme=club, now=NOW + timedelta(days=1), staff=None)

        held.refresh_from_db()
        assert (held.state, again.state) == (State.DONE, State.HELD)

    def test_is_not_what_other_nights_brought_too(self, held, club, shop, officer):
        runs.confirm(run=held, kind="receipts", staff=officer, now=NOW)
        runs.go_on(run=held, now=NOW)
        for each in Receipt.objects.all():
            each.member = member_of(club)
            each.save()

        again = runs.run(programme=club, now=NOW + timedelta(days=1), staff=None)

        assert again.state == State.DONE

    def test_is_not_a_small_share(self, club, shop, settings):
        settings.RETENTION_HOLD_ROWS = 1
        member = member_of(club)
        old_receipts(member, shop, 2)
        first = buy(member, shop, line("1.00"), now=NOW)
        copies = []
        for place in range(20):
            copy = Receipt.objects.get(pk=first.pk)
            copy.pk = None
            copy.public_id = Receipt._meta.get_field("public_id").get_default()
            copy.unique_receipt_id = f"Y-{place}"
            copies.append(copy)
        Receipt.objects.bulk_create(copies)

        assert runs.run(programme=club, now=NOW, staff=None).state == State.DONE

    def test_never_holds_what_goes_every_night(self, club, aged, settings):
        settings.RETENTION_HOLD_ROWS = 0

        held = runs.run(programme=club, now=NOW, staff=None)

        waiting = set(held.counts.filter(is_held=True).values_list("kind", flat=True))
        assert waiting.isdisjoint({"login-codes", "message-codes", "import-rows"})

    def test_can_be_a_period_that_was_shortened(self, club, shop, officer, settings):
        settings.RETENTION_HOLD_ROWS = 0
        buy(member_of(club), shop, line("1.00"), now=NOW - timedelta(days=400))
        assert runs.run(programme=club, now=NOW, staff=None).state == State.DONE
        set_period(
            programme=club, kind=find("receipts"), days=365, staff=officer, now=NOW
        )

        assert runs.run(programme=club, now=NOW, staff=None).state == State.HELD


class TestOneAtATime:
    def test_is_what_the_database_holds(self, club):
        runs.begin(programme=club, is_dry=False, staff=None, now=NOW)

        with pytest.raises(runs.AlreadyRunning):
            runs.begin(programme=club, is_dry=False, staff=None, now=NOW)
        runs.begin(programme=club, is_dry=True, staff=None, now=NOW)
        runs.begin(programme=ProgrammeFactory(), is_dry=False, staff=None, now=NOW)


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    def two(self, run):
        barrier = Barrier(2)

        def work():
            try:
                mine = RetentionRun.objects.get(pk=run.pk)
                barrier.wait(10)
                runs.go_on(run=mine, now=NOW, batch=3)
            finally:
                connection.close()

        threads = [Thread(target=work) for _each in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_let_each_row_go_once(self, club, shop):
        old_receipts(member_of(club), shop, 20)
        run = runs.begin(programme=club, is_dry=False, staff=None, now=NOW)

        self.two(run)
        runs.go_on(run=run, now=NOW)

        assert run.state == State.DONE
        assert run.counts.get(kind="receipts").done == 20
        assert run.counts.count() == len(kinds.kinds())

    def test_would_be_at_it_together_without_the_lock(self, club, shop, monkeypatch):
        """The twin: both workers are inside a batch of one club at the same time."""
        meeting, met = Barrier(2), []

        def meet(_due, _limit):
            try:
                met.append(meeting.wait(2))
            except Exception:  # noqa: BLE001 - nobody came
                return 0
            return 0

        planted = {"receipts": replace(find("receipts"), prune=meet, count=lambda _: 5)}
        monkeypatch.setattr(kinds, "_kinds", planted)
        monkeypatch.setattr(runs.inactivity, "forecast", lambda *_a, **_k: NO_FORECAST)
        run = runs.begin(programme=club, is_dry=False, staff=None, now=NOW)
        monkeypatch.setattr(runs, "_lock", lambda _run: None)

        self.two(run)

        assert sorted(met) == [0, 1]


NO_FORECAST = runs.inactivity.Forecast((), 0)


class TestTheJob:
    def at(self, club, hour, day=23):
        return datetime(2026, 11, day, hour, tzinfo=club.zone)

    def test_begins_at_night_on_the_clubs_clock(self, club):
        assert not tasks.is_due(club, self.at(club, 0))
        assert tasks.is_due(club, self.at(club, 1))
        assert not tasks.is_due(club, self.at(club, 12))

    def test_runs_once_a_night(self, club):
        with time_machine.travel(self.at(club, 2), tick=False):
            tasks.go_on()
            tasks.go_on()

        (run,) = RetentionRun.objects.filter(programme=club)
        assert (run.state, run.is_dry) == (State.DONE, False)
        assert not tasks.is_due(club, self.at(club, 4))
        assert tasks.is_due(club, self.at(club, 1, day=24))

    def test_makes_up_for_a_night_without_workers(self, club):
        runs.run(programme=club, now=self.at(club, 2), staff=None)

        assert not tasks.is_due(club, self.at(club, 13))
        assert tasks.is_due(club, self.at(club, 15, day=24))

    def test_goes_on_with_what_was_killed(self, club):
        run = runs.begin(programme=club, is_dry=False, staff=None, now=NOW)

        tasks.go_on()

        run.refresh_from_db()
        assert run.state == State.DONE
