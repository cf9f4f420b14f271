import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote
from uuid import RFC_4122

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from consent.models import ConsentEntry, Permission
from enrolment.importing import (
    applying,
    checking,
    files,
    mapping,
    services,
    work,
    writing,
)
from enrolment.importing.mapping import Mode
from enrolment.importing.models import ClubImport, ImportBatch, ImportRow
from enrolment.models import Registration
from members import selectors
from members.identity import add_identifier
from members.models import Event, Identifier, Member
from members.services import register_member
from messaging import notices
from messaging.models import Message
from stores.models import AuditEntry
from tests.factories.importing import (
    ANNA,
    HEADINGS,
    NOW,
    apply,
    bring,
    check,
    receive,
    text,
)
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

State = ClubImport.State
TABLES = (Member, Identifier, Event, ConsentEntry, Registration)


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.IMPORT_DIR = tmp_path / "imports"


@pytest.fixture(autouse=True)
def _nobody_woken(monkeypatch):
    # Tests do the worker's work themselves, at the moment they mean.
    monkeypatch.setattr(services, "async_task", lambda _task: None)


def row(phone="", email="", **cells):
    """Return a line of the file; cells by their place after the e-mail."""
    names = "first last born post since sms sms_at sms_from id card status".split()
    return ";".join([phone, email, *(cells.get(name, "") for name in names)])


def waiting_for_locks():
    """Return how many connections to this database wait for somebody's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def counts():
    return {model.__name__: model.objects.count() for model in TABLES}


def codes(club_import):
    return {
        found.row: [problem["code"] for problem in found.problems]
        for found in ImportRow.objects.filter(
            club_import=club_import, problems__isnull=False
        )
    }


class TestCheck:
    def test_changes_nothing_but_its_own_rows(self, programme):
        MemberFactory(programme=programme, phone="+46701741001")
        before = counts()

        club_import = check(receive(programme, text(ANNA, row("0701741002"))))

        assert club_import.state == State.CHECKED
        assert club_import.report["outcomes"] == {"CHANGED": 1, "NEW": 1}
        assert counts() == before
        assert Message.objects.count() == 0

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (row(first="Ingen"), "no_contact"),
            (row("08-123 45 67"), "phone_invalid"),
            (row("", "feladress"), "email_invalid"),
            (row("0701741002", born="2020-01-01"), "too_young"),
            (row("0701741002", status="avslutad"), "has_left"),
            (row("0701741002", status="halvvägs"), "status_unknown"),
            (row("0701741002") + ";;;en för många", "too_many_cells"),
        ],
    )
    def test_refuses_a_row_and_says_why(self, programme, line, code):
        club_import = check(receive(programme, text(ANNA, line)))

        assert codes(club_import)[3] == [code]
        assert club_import.report["outcomes"]["REFUSED"] == 1

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (row("0701741002", "feladress"), "email_left_out"),
            (row("08-1234567", "a@exempel.se"), "phone_left_out"),
            (row("0701741002", born="1985-13-01"), "birthday_left_out"),
            (row("0701741002", first="A" * 70), "name_cut"),
            (row("0701741002", since="i fjol"), "since_left_out"),
            (row("0701741002", sms="Kanske"), "sms_unclear"),
            (row("0701741002", sms="Ja", sms_from="Kassan"), "sms_no_date"),
            (row("0701741002", sms="Ja", sms_at="2020-01-01"), "sms_no_source"),
            (row("0701741002", card="881234567890"), "card_left_out"),
        ],
    )
    def test_warns_and_leaves_a_value_out(self, programme, line, code):
        club_import = check(receive(programme, text(ANNA, line)))

        assert codes(club_import) == {3: [code]}
        assert club_import.report["outcomes"] == {"NEW": 2}

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (row("+46 70 174 10 01"), "same_phone"),
            (row("0701741002", "ANNA@exempel.se"), "same_email"),
            (row("0701741002", id="1001"), "same_external"),
        ],
    )
    def test_shows_what_stands_twice_in_the_file(self, programme, line, code):
        club_import = check(receive(programme, text(ANNA, line)))

        (problem,) = ImportRow.objects.get(row=3).problems
        assert problem["code"] == code
        assert problem["other"] == 2
        assert club_import.report["outcomes"] == {"NEW": 1, "REFUSED": 1}

    def test_refuses_a_row_that_names_two_members(self, programme):
        MemberFactory(programme=programme, phone="+46701741002", email="")
        MemberFactory(programme=programme, phone="", email="b@exempel.se")

        club_import = check(receive(programme, text(row("0701741002", "b@exempel.se"))))

        assert codes(club_import) == {2: ["two_members"]}

    def test_refuses_two_rows_for_one_member(self, programme):
        MemberFactory(programme=programme, phone="+46701741002", email="b@exempel.se")

        club_import = check(
            receive(programme, text(row("0701741002"), row("", "b@exempel.se")))
        )

        assert codes(club_import) == {3: ["same_member"]}

    def test_does_not_take_an_unproven_number_for_its_holder(self, programme):
        member = MemberFactory(programme=programme, phone="+46701741009")
        add_identifier(member=member, kind="PHONE", value="+46701741002", now=NOW)

        club_import = check(receive(programme, text(row("0701741002"))))

        assert codes(club_import) == {2: ["unsure_member"]}

    @pytest.mark.parametrize(
        ("trait", "code"), [("left", "member_left"), ("blocked", "member_blocked")]
    )
    def test_brings_nobody_back(self, programme, trait, code):
        MemberFactory(programme=programme, phone="+46701741002", **{trait: True})

        club_import = check(receive(programme, text(row("0701741002"))))

        assert codes(club_import) == {2: [code]}

    def test_sees_only_its_own_programme(self, programme):
        MemberFactory(phone="+46701741001", email="anna@exempel.se")

        club_import = check(receive(programme, text(ANNA)))

        assert club_import.report["outcomes"] == {"NEW": 1}

    def test_keeps_the_cells_of_refused_rows_alone(self, programme):
        check(receive(programme, text(ANNA, row("0701741001", first="Dubbel"))))

        good, refused = ImportRow.objects.order_by("row")
        assert good.raw is None
        assert refused.raw[:3] == ["0701741001", "", "Dubbel"]

    def test_goes_on_where_a_dead_worker_stopped(self, programme, monkeypatch):
        monkeypatch.setattr(checking, "BATCH", 2)
        lines = [row(f"07017410{number:02d}") for number in range(9)]
        club_import = receive(programme, text(*lines))
        services.set_columns(
            club_import=club_import,
            answers=mapping.from_json(club_import.mapping),
            now=NOW,
        )
        looks = iter([False, False, True])
        work.run(clock=lambda: NOW, is_over=lambda: next(looks))
        assert 0 < ImportRow.objects.count() < 9
        # A dead worker's claim is not given back.
        ClubImport.objects.update(claim="0" * 32, beat_at=NOW)

        work.run(clock=lambda: NOW + timedelta(seconds=5), is_over=lambda: False)
        assert ImportRow.objects.count() < 9
        work.run(clock=lambda: NOW + timedelta(minutes=2), is_over=lambda: False)

        club_import.refresh_from_db()
        assert club_import.state == State.CHECKED
        assert club_import.rows == ImportRow.objects.count() == 9
        assert ImportBatch.objects.count() == 5

    def test_fails_in_words_when_there_are_only_headings(self, programme):
        club_import = check(receive(programme, text()))

        assert club_import.state == State.FAILED
        assert club_import.failure == "only_headings"


class TestApply:
    def test_makes_a_member_who_was_one_already(self, programme):
        bring(programme, ANNA)

        member = Member.objects.get()
        since = datetime(2019, 5, 1, 22, 0, tzinfo=UTC)
        assert member.status == Member.Status.ACTIVE
        assert (member.first_name, member.last_name) == ("Anna", "Åkesson")
        assert member.birthday_on == date(1985, 4, 23)
        assert member.source == Member.Source.IMPORT
        assert member.registered_at == member.activated_at == since
        assert member.phone_verified_at is None
        registration = Registration.objects.get()
        assert registration.way == Registration.Way.IMPORT
        assert registration.outcome == Registration.Outcome.FINISHED
        assert registration.ended_at == since
        assert selectors.find_by_phone(programme=programme, phone="+46701741001")

    def test_writes_what_the_triggers_would(self, programme):
        bring(programme, ANNA.replace(";1001;;", ";1001;C-77;"))

        known = set(Identifier.objects.values_list("kind", "system", "value", "proof"))
        assert known == {
            ("PHONE", "", "+46701741001", ""),
            ("EMAIL", "", "anna@exempel.se", ""),
            ("CARD", "", "C-77", "IMPORT"),
            ("EXTERNAL", "old", "1001", "IMPORT"),
        }

    def test_does_the_same_where_triggers_cannot_rest(self, programme, monkeypatch):
        other = ProgrammeFactory()

        def known(of):
            found = Identifier.objects.filter(programme=of).order_by("kind")
            return [*found.values("kind", "system", "value", "proof", "proven_at")]

        bring(programme, ANNA, is_proven=True)
        monkeypatch.setattr("common.copying.MAY_SKIP", "SELECT false")
        bring(other, ANNA, is_proven=True)

        assert known(programme) == known(other)
        assert len(known(other)) == 3

    @pytest.mark.parametrize("may_rest", [True, False])
    def test_lets_the_gate_know_of_a_permission(self, programme, monkeypatch, may_rest):
        if not may_rest:
            monkeypatch.setattr("common.copying.MAY_SKIP", "SELECT false")

        bring(programme, ANNA)

        entry, permission = ConsentEntry.objects.get(), Permission.objects.get()
        copied = ("member_id", "purpose", "channel", "action", "basis", "at")
        assert permission.entry_id == entry.pk
        assert [getattr(permission, name) for name in copied] == [
            getattr(entry, name) for name in copied
        ]

    @pytest.mark.django_db
    def test_does_the_work_of_every_trigger_that_rests(self):
        """A new trigger on these tables would not fire for those who are imported."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
                " AND tgrelid = ANY (%s::regclass[]) AND (tgtype & 4) <> 0",
                [[model._meta.db_table for model in (*TABLES, Permission)]],
            )
            known = {row[0] for row in cursor.fetchall()}

        assert known == {
            # The statement writes what they would.
            "member_identified",
            "consententry_projected",
            # Matching leaves cards out that carry a membership number.
            "identifier_card_is_free",
        }

    def test_gives_every_row_an_id_of_its_own_that_sorts_by_time(self, programme):
        bring(programme, ANNA.replace(";1001;;", ";1001;C-77;"), row("0701741002"))

        ids = [
            public_id
            for model in TABLES
            for public_id in model.objects.values_list("public_id", flat=True)
        ]
        assert len(set(ids)) == len(ids) == 2 + 5 + 3 + 1 + 2
        assert {(each.version, each.variant) for each in ids} == {(7, RFC_4122)}
        assert len({each.int >> 80 for each in ids}) == 1

    def test_takes_a_permission_with_its_date_and_source(self, programme):
        club_import = bring(programme, ANNA)

        entry = ConsentEntry.objects.get()
        assert (entry.channel, entry.action) == ("SMS", "GIVEN")
        assert entry.source == ConsentEntry.Source.IMPORT
        assert entry.at == datetime(2019, 5, 1, 22, 0, tzinfo=UTC)
        assert entry.evidence == {
            "import": str(club_import.public_id),
            "row": 2,
            "source": "Blankett 4",
        }
        assert Event.objects.filter(kind="consent.given").get().at == entry.at

    def test_takes_no_permission_without_them(self, programme):
        bring(
            programme,
            row("0701741002", sms="Ja"),
            row("0701741003", sms="Nej", sms_at="2020-01-01", sms_from="x"),
        )

        assert ConsentEntry.objects.count() == 0

    def test_takes_one_source_for_all(self, programme):
        line = row("0701741002", sms="Ja", sms_at="2020-01-01")

        bring(programme, line, source="Formulär 2019")

        assert ConsentEntry.objects.get().evidence["source"] == "Formulär 2019"

    def test_welcomes_nobody(self, programme):
        now = timezone.now()
        pending = MemberFactory(programme=programme, pending=True, phone="+46701741003")

        # One without a date, who is a member from today on.
        bring(programme, ANNA, row("0701741002"), row("0701741003"), now=now)
        while notices.follow(now=now):
            pass

        pending.refresh_from_db()
        assert pending.status == Member.Status.ACTIVE
        assert Message.objects.count() == 0

    def test_fills_in_what_is_missing(self, programme):
        member = MemberFactory(
            programme=programme, phone="+46701741001", email="", first_name="Ann"
        )

        bring(programme, ANNA)

        member.refresh_from_db()
        assert (member.first_name, member.email) == ("Ann", "anna@exempel.se")
        assert member.postcode == "753 10"
        event = Event.objects.get(kind="member.updated")
        assert set(event.data["fields"]) == {"email", "birthday_on", "postcode"}
        assert Identifier.objects.filter(member=member).count() == 3

    def test_lets_the_file_win_but_for_number_and_address(self, programme):
        member = MemberFactory(
            programme=programme, phone="+46701741001", email="x@exempel.se"
        )

        club_import = bring(programme, ANNA, mode=Mode.UPDATE)

        member.refresh_from_db()
        assert (member.first_name, member.last_name) == ("Anna", "Åkesson")
        assert member.email == "x@exempel.se"
        assert club_import.report["applied"]["codes"] == {"other_email": 1}

    def test_does_not_overrule_an_answer_given_here(self, programme):
        member = MemberFactory(programme=programme, phone="+46701741001")
        ConsentEntry.objects.create(
            member=member,
            purpose="MARKETING",
            channel="SMS",
            action="REFUSED",
            at=NOW,
            source="PORTAL",
            actor="member",
        )

        bring(programme, ANNA)

        assert ConsentEntry.objects.get().action == "REFUSED"

    def test_of_the_same_file_again_changes_nothing(self, programme):
        lines = [ANNA.replace(";1001;;", ";1001;C-77;"), row("0701741002")]
        first = bring(programme, *lines)
        before = counts()

        second = bring(programme, *lines)

        assert bytes(second.file_hash) == bytes(first.file_hash)
        assert second.report["applied"]["outcomes"] == {"SAME": 2}
        assert counts() == before

    def test_of_the_same_file_with_its_columns_turned_round_changes_nothing(
        self, programme
    ):
        """F14: members are matched by who they are, not by what stands where."""
        lines = [ANNA.replace(";1001;;", ";1001;C-77;"), row("0701741002", first="Bo")]
        bring(programme, *lines)
        before = counts()
        found = list(Member.objects.order_by("pk").values())
        turned = [
            ";".join(reversed(each.split(";"))) for each in (HEADINGS, *reversed(lines))
        ]

        second = receive(programme, text(*turned[1:], headings=turned[0]))
        check(second)
        apply(second)

        assert second.report["applied"]["outcomes"] == {"SAME": 2}
        assert counts() == before
        assert list(Member.objects.order_by("pk").values()) == found

    def test_makes_the_same_members_whatever_the_order_of_columns(self, programme):
        """F14: the other order comes first, into a club of its own."""
        lines = [ANNA.replace(";1001;;", ";1001;C-77;"), row("0701741002", first="Bo")]
        other = ProgrammeFactory()
        bring(programme, *lines)
        turned = [";".join(reversed(each.split(";"))) for each in (HEADINGS, *lines)]

        second = receive(other, text(*turned[1:], headings=turned[0]))
        check(second)
        apply(second)

        def members_of(club):
            kept = ("phone", "email", "first_name", "last_name", "birthday_on")
            ids = ("kind", "system", "value")
            return (
                sorted(Member.objects.filter(programme=club).values_list(*kept)),
                sorted(Identifier.objects.filter(programme=club).values_list(*ids)),
                ConsentEntry.objects.filter(member__programme=club).count(),
            )

        assert members_of(other) == members_of(programme)
        assert len(members_of(other)[0]) == 2

    def test_leaves_refused_rows_out_and_keeps_them(self, programme):
        club_import = bring(programme, ANNA, row(first="Ingen"))

        assert Member.objects.count() == 1
        assert ImportRow.objects.get().raw[2] == "Ingen"
        batch = ImportBatch.objects.get()
        assert (batch.created, batch.refused) == (1, 1)
        assert not files.path_of(club_import.public_id).exists()

    def test_recognises_whom_a_till_registered_meanwhile(self, programme):
        club_import = check(receive(programme, text(ANNA, row("0701741002"))))
        register_member(
            programme=programme,
            phone="+46701741001",
            source=Member.Source.TILL,
            language="sv",
            now=NOW,
        )

        apply(club_import)

        assert Member.objects.count() == 2
        assert Member.objects.get(phone="+46701741001").first_name == "Anna"
        batch = ImportBatch.objects.get()
        assert (batch.created, batch.changed) == (1, 1)

    def test_refuses_what_has_become_a_contradiction(self, programme):
        club_import = check(receive(programme, text(ANNA)))
        MemberFactory(programme=programme, phone="+46701741001", email="")
        MemberFactory(programme=programme, phone="", email="anna@exempel.se")

        apply(club_import)

        assert Member.objects.count() == 2
        found = ImportRow.objects.get()
        assert found.problems[-1]["code"] == "two_members"
        assert found.raw[2] == "Anna"

    def test_pauses_and_goes_on(self, programme, monkeypatch):
        monkeypatch.setattr(checking, "BATCH", 2)
        lines = [row(f"07017410{number:02d}") for number in range(6)]
        club_import = check(receive(programme, text(*lines)))
        services.start(club_import=club_import, staff=None, now=NOW)
        assert applying.apply_next(club_import, now=NOW)

        services.pause(club_import=club_import)
        work.run(clock=lambda: NOW, is_over=lambda: False)
        assert Member.objects.count() == 2
        services.resume(club_import=club_import)
        work.run(clock=lambda: NOW, is_over=lambda: False)

        assert Member.objects.count() == 6

    def test_says_so_when_a_crash_has_emptied_the_rows(self, programme):
        club_import = check(receive(programme, text(ANNA)))
        ImportRow.objects.all().delete()

        apply(club_import)

        club_import.refresh_from_db()
        assert (club_import.state, club_import.failure) == (State.FAILED, "rows_gone")

    def test_looks_numbers_up_in_a_club_that_nobody_has_counted(self, programme):
        """The second club of an installation: the statistics know the first alone."""
        MemberFactory.create_batch(20)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE members_member")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(
                f"EXPLAIN {writing._FREE}",
                {"numbers": ["880001234567"], "programme": programme.pk},
            )
            plan = "\n".join(line for (line,) in cursor.fetchall())

        assert "member_number_once_per_programme" in plan

    def test_is_on_the_trail(self, programme, olga):
        club_import = check(receive(programme, text(ANNA)))

        services.start(club_import=club_import, staff=olga, now=NOW)

        entry = AuditEntry.objects.get(action="import.started")
        assert entry.subject == str(club_import.public_id)
        assert entry.data == {"rows": 1}

    def test_is_not_begun_twice(self, programme):
        club_import = check(receive(programme, text(ANNA)))
        services.start(club_import=club_import, staff=None, now=NOW)

        with pytest.raises(services.WrongState):
            services.start(club_import=club_import, staff=None, now=NOW)


class TestForget:
    def test_deletes_files_in_time(self, programme):
        left = check(receive(programme, text(row("0701741005"))))

        services.forget(now=NOW + timedelta(days=6))
        assert files.path_of(left.public_id).exists()
        services.forget(now=NOW + timedelta(days=8))

        left.refresh_from_db()
        assert left.state == State.CANCELLED
        assert not files.path_of(left.public_id).exists()

    def test_deletes_files_that_belong_to_nothing(self, programme):
        stray = files.store([b"x"])
        old = (NOW - timedelta(days=3)).timestamp()
        os.utime(files.path_of(stray.public_id), (old, old))

        services.forget(now=NOW)

        assert not files.path_of(stray.public_id).exists()

    def test_keeps_the_file_for_our_eyes_alone(self, programme):
        stored = files.store([b"x"])

        assert files.path_of(stored.public_id).stat().st_mode & 0o077 == 0


class TestCancel:
    def test_deletes_the_file_and_the_rows(self, programme, olga):
        club_import = check(receive(programme, text(ANNA)))

        services.cancel(club_import=club_import, staff=olga, now=NOW)

        assert not files.path_of(club_import.public_id).exists()
        assert ImportRow.objects.count() == 0

    def test_of_a_check_goes_back_to_the_columns(self, programme):
        club_import = receive(programme, text(ANNA))
        services.set_columns(
            club_import=club_import,
            answers=mapping.from_json(club_import.mapping),
            now=NOW,
        )

        services.cancel(club_import=club_import, staff=None, now=NOW)

        club_import.refresh_from_db()
        assert club_import.state == State.NEW
        assert files.path_of(club_import.public_id).exists()


WORKER = """
import sys, django
django.setup()
from django.conf import settings
from django.utils import timezone
from enrolment.importing import work
settings.IMPORT_DIR = sys.argv[1]
work.run(clock=timezone.now, is_over=lambda: False)
"""


@pytest.mark.django_db(transaction=True)
class TestKilled:
    def lines(self, count):
        return [
            row(f"+4670{1740000 + number}", f"k{number}@exempel.se", id=str(number))
            for number in range(count)
        ]

    def worker(self, folder):
        at = connection.settings_dict
        user, password, name, host = (
            quote(at[key] or "", safe="")
            for key in ("USER", "PASSWORD", "NAME", "HOST")
        )
        port = f":{at['PORT']}" if at["PORT"] else ""
        # As the embedded server is named, too, whose host is a folder of sockets.
        address = f"postgres://{user}:{password}@{port}/{name}?host={host}"
        return subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder)],
            cwd=django_settings.BASE_DIR,
            env={
                **os.environ,
                "DATABASE_URL": address,
                "DJANGO_SETTINGS_MODULE": "loyalty.settings",
            },
            stderr=subprocess.DEVNULL,
        )

    def test_in_the_middle_it_goes_on_without_doubling(
        self, programme, settings, monkeypatch
    ):
        monkeypatch.setattr(checking, "BATCH", 200)
        club_import = check(receive(programme, text(*self.lines(6000))))
        services.start(club_import=club_import, staff=None, now=timezone.now())

        kills = 0
        for wanted in (1, 10):
            worker = self.worker(settings.IMPORT_DIR)
            done = ImportBatch.objects.exclude(applied_at=None)
            deadline = time.monotonic() + 60
            while done.count() < wanted and time.monotonic() < deadline:
                time.sleep(0.02)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            assert done.count() >= wanted, "the worker did nothing"
            kills += done.count() < 30
        assert kills, "the import was over before anybody could kill it"
        work.run(clock=timezone.now, is_over=lambda: False)

        club_import.refresh_from_db()
        assert club_import.state == State.DONE
        assert Member.objects.count() == 6000
        assert Identifier.objects.count() == 18000
        assert Registration.objects.count() == 6000
        assert Event.objects.filter(kind="member.registered").count() == 6000

    def test_workers_side_by_side_import_each_row_once(self, programme, monkeypatch):
        monkeypatch.setattr(checking, "BATCH", 50)
        club_import = check(receive(programme, text(*self.lines(1000))))
        services.start(club_import=club_import, staff=None, now=timezone.now())

        def worker():
            try:
                work.run(clock=timezone.now, is_over=lambda: False)
            finally:
                connection.close()

        workers = [threading.Thread(target=worker) for _ in range(3)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()

        club_import.refresh_from_db()
        assert club_import.state == State.DONE
        assert Member.objects.count() == 1000

    def test_looks_members_up_row_by_row_when_it_matches_anew(
        self, programme, monkeypatch
    ):
        """Also while the members are taken for none: analysed before they were there.

        Then every member would be held against every row.
        """
        monkeypatch.setattr(checking, "BATCH", 500)
        club_import = check(receive(programme, text(*self.lines(1500))))
        services.start(club_import=club_import, staff=None, now=NOW)
        other = connection.copy()
        with transaction.atomic():
            applying.apply_next(club_import, now=NOW)
            applying.apply_next(club_import, now=NOW)
            with other.cursor() as cursor:
                cursor.execute("ANALYZE members_member, members_identifier")
        other.close()
        register_member(
            programme=programme,
            phone="+46701741400",
            source=Member.Source.TILL,
            language="sv",
            now=NOW,
        )
        plans = []

        def explained(execute, statement, values, many, context):
            if "TEMPORARY TABLE import_hit" in statement:
                with connection.cursor().connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN {statement}", values)
                    plans.append("\n".join(line for (line,) in cursor.fetchall()))
            return execute(statement, values, many, context)

        with connection.execute_wrapper(explained):
            assert applying.apply_next(club_import, now=NOW)

        assert Member.objects.count() == 1500
        # By the number, the address or the id, and not by the club alone.
        plan = plans[-1]
        assert "Seq Scan on members_identifier" not in plan, plan
        assert "Hash" not in plan, plan
        (found,) = re.findall(r"identifier_live_once.*\n +Index Cond: (.*)", plan)
        assert "value" in found, plan

    def test_is_ended_by_who_does_the_last_batch_while_another_looks(
        self, programme, monkeypatch
    ):
        """One has looked, and seen the other's batch as not done; the other ends it."""
        club_import = check(receive(programme, text(*self.lines(20))))
        services.start(club_import=club_import, staff=None, now=timezone.now())
        written, looked = threading.Event(), threading.Event()
        write = writing.Batch.write

        def slow(batch, *, anew):
            counts = write(batch, anew=anew)
            written.set()
            assert looked.wait(timeout=20)
            return counts

        monkeypatch.setattr(writing.Batch, "write", slow)
        ended = []

        def last():
            try:
                applying.apply_next(club_import, now=timezone.now())
                ended.append(applying.finish(club_import, now=timezone.now()))
            finally:
                connection.close()

        worker = threading.Thread(target=last)
        worker.start()
        assert written.wait(timeout=20)
        with transaction.atomic():
            assert applying.finish(club_import, now=timezone.now()) is None
            looked.set()
            # Until the worker has come to the end too: it waits, or has gone away.
            while worker.is_alive() and not waiting_for_locks():
                time.sleep(0.01)
        worker.join()

        assert [each.state for each in ended if each] == [State.DONE]

    def test_without_the_lock_on_its_row_a_batch_would_be_taken_twice(
        self, programme, monkeypatch
    ):
        """Shows that the race exists: both take the batch, and one runs into the other.

        The unique index then is what keeps the members from doubling.
        """
        club_import = check(receive(programme, text(*self.lines(50))))
        services.start(club_import=club_import, staff=None, now=timezone.now())
        monkeypatch.setattr(
            applying, "_NEXT", applying._NEXT.replace("FOR UPDATE OF b SKIP LOCKED", "")
        )
        taken = []
        write = writing.Batch.write
        gate = threading.Barrier(2)

        def slow(batch, *, anew):
            if not anew:
                taken.append(batch.batch.pk)
                gate.wait(timeout=20)
            return write(batch, anew=anew)

        monkeypatch.setattr(writing.Batch, "write", slow)

        def worker():
            try:
                applying.apply_next(club_import, now=timezone.now())
            finally:
                connection.close()

        workers = [threading.Thread(target=worker) for _ in range(2)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()

        assert len(taken) == 2
        assert len(set(taken)) == 1
        assert Member.objects.count() == 50


def test_headings_of_the_factory_are_all_understood(programme):
    club_import = receive(programme, text(ANNA))

    assert "" not in club_import.mapping["columns"], HEADINGS
