from datetime import UTC, date, datetime
from uuid import RFC_4122

import pytest
from django.db import connection
from django.utils import timezone

from consent.models import ConsentEntry, Permission
from enrolment.importing import (
    applying,
    checking,
    files,
    services,
    work,
    writing,
)
from enrolment.importing.mapping import Mode
from enrolment.importing.models import ClubImport, ImportBatch, ImportRow
from enrolment.models import Registration
from members import selectors
from members.models import Event, Identifier, Member
from members.services import register_member
from messaging import notices
from messaging.models import Message
from stores.models import AuditEntry
from tests.factories.importing import (
    ANNA,
    HEADINGS,
    NOW,
    WRITTEN,
    apply,
    bring,
    check,
    counts,
    receive,
    row,
    text,
)
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

State = ClubImport.State


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
                [[model._meta.db_table for model in (*WRITTEN, Permission)]],
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
            for model in WRITTEN
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
