"""Erasures outlive a restore: the journal, and doing them again."""

import json
import os
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from consent import journal
from consent.erasure import erase_member
from consent.models import Erasure
from members.models import Identifier, Member
from tests.factories.members import MemberFactory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CANARY = "Kanariefågel"


@pytest.fixture
def path(tmp_path, settings):
    settings.ERASURE_JOURNAL = tmp_path / "var" / "erasures.jsonl"
    return settings.ERASURE_JOURNAL


@pytest.fixture
def vera(db):
    return MemberFactory(first_name=CANARY, email="kanarie@example.se")


def replay(*options):
    out = StringIO()
    call_command("replay_erasures", *options, stdout=out, stderr=out)
    return out.getvalue()


def erase(member, capture):
    with capture(execute=True):
        erase_member(member=member, now=NOW, reason=Erasure.Reason.DESK)


class TestNote:
    def test_writes_a_line_when_the_erasure_is_committed(
        self, path, vera, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            erase_member(member=vera, now=NOW, reason=Erasure.Reason.DESK)
            assert not path.exists()

        assert [json.loads(line) for line in path.read_text().splitlines()] == [
            {
                "member": str(vera.public_id),
                "at": "2026-11-23T12:00:00+00:00",
                "reason": "DESK",
            }
        ]
        assert Erasure.objects.get().journaled_at
        assert os.stat(path).st_mode & 0o777 == 0o600

    @pytest.mark.django_db(transaction=True)
    def test_leaves_an_erasure_done_when_it_cannot_be_written(
        self, path, vera, settings
    ):
        path.parent.mkdir()
        path.parent.joinpath("file").touch()
        settings.ERASURE_JOURNAL = path.parent / "file" / "erasures.jsonl"

        erase_member(member=vera, now=NOW)

        vera.refresh_from_db()
        assert vera.status == Member.Status.ERASED
        assert Erasure.objects.get().journaled_at is None

        settings.ERASURE_JOURNAL = path
        assert journal.append_left_out() == 1
        assert journal.append_left_out() == 0
        assert vera.public_id in journal.read(path).erased

    def test_is_whole_behind_a_line_that_was_cut_off(
        self, path, vera, django_capture_on_commit_callbacks
    ):
        path.parent.mkdir()
        path.write_text('{"member": "0192')

        erase(vera, django_capture_on_commit_callbacks)

        said = journal.read(path)
        assert (list(said.erased), said.unreadable) == ([vera.public_id], 1)


class TestReplay:
    @pytest.fixture
    def restored(self, path, vera, django_capture_on_commit_callbacks):
        """Erase a member, and put back the rows that a backup from before has."""
        tables = ["members_member", "members_identifier"]
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"CREATE TEMP TABLE backup_{table} AS TABLE {table}")
        erase(vera, django_capture_on_commit_callbacks)
        assert not Member.objects.filter(first_name=CANARY).exists()
        with connection.cursor() as cursor:
            # The backup knows of no erasure.
            cursor.execute("DELETE FROM consent_erasure")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("DELETE FROM members_identifier")
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("DELETE FROM members_member")
            cursor.execute(
                "SELECT string_agg(quote_ident(column_name), ', ')"
                " FROM information_schema.columns WHERE table_name = 'members_member'"
                " AND is_generated = 'NEVER'"
            )
            columns = cursor.fetchone()[0]
            cursor.execute(
                f"INSERT INTO members_member ({columns})"  # noqa: S608 - of the table
                f" SELECT {columns} FROM backup_members_member"
            )
            cursor.execute(
                "INSERT INTO members_identifier SELECT * FROM backup_members_identifier"
            )
            cursor.execute("SET session_replication_role = DEFAULT")
            for table in tables:
                cursor.execute(f"DROP TABLE backup_{table}")
        assert Member.objects.filter(first_name=CANARY).exists()
        return vera

    def test_erases_again_who_is_back(self, restored):
        assert "1 of them back" in replay("--dry-run")
        assert Member.objects.filter(first_name=CANARY).exists()

        assert "1 erased again" in replay()

        restored.refresh_from_db()
        assert restored.status == Member.Status.ERASED
        assert not Member.objects.filter(first_name=CANARY).exists()
        assert not Identifier.objects.filter(member=restored).exists()
        note = Erasure.objects.get(member_id=restored.public_id)
        assert note.reason == Erasure.Reason.REPLAY
        assert "0 of them back" in replay()

    def test_reads_several_journals(self, restored, path, tmp_path):
        other = tmp_path / "other.jsonl"
        path.rename(other)
        path.touch()

        replay("--journal", str(path), "--journal", str(other))

        restored.refresh_from_db()
        assert restored.status == Member.Status.ERASED

    def test_leaves_everybody_else(self, restored):
        other = MemberFactory()

        replay()

        other.refresh_from_db()
        assert other.status == Member.Status.ACTIVE

    def test_says_so_without_a_journal(self, path, db):
        with pytest.raises(CommandError, match="cannot be read"):
            replay()
