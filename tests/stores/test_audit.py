import json
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from stores import audit
from stores.authentication import Caller
from stores.models import AuditEntry, AuditLane
from tests.factories.stores import DeviceFactory, ProgrammeFactory, StaffFactory

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def write(actor, action="test.done", **more):
    return audit.record(
        programme=getattr(actor, "programme", None),
        actor=actor,
        action=action,
        now=NOW,
        **more,
    )


@contextmanager
def behind_our_back():
    """Let SQL by, as somebody with the database's password could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE stores_auditentry DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE stores_auditlane DISABLE TRIGGER USER")
        yield cursor
        cursor.execute("ALTER TABLE stores_auditentry ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE stores_auditlane ENABLE TRIGGER USER")


class TestRecord:
    def test_says_who_what_which_member_and_why(self, olga):
        member_id = uuid4()

        entry = write(
            olga,
            "member.corrected",
            member_id=member_id,
            subject=f"member:{member_id}",
            reason="Called us",
            data={"fields": ["email"]},
        )

        stored = AuditEntry.objects.get(pk=entry.pk)
        assert stored.programme == olga.programme
        assert stored.at == NOW
        assert (stored.actor_kind, stored.actor_id) == ("STAFF", olga.public_id)
        assert stored.action == "member.corrected"
        assert stored.member_id == member_id
        assert stored.reason == "Called us"
        assert stored.data == {"fields": ["email"]}
        assert bytes(stored.hash) == entry.hash

    def test_chains_the_entries_of_one_person(self, olga):
        first, second = write(olga), write(olga)

        assert (first.number, second.number) == (1, 2)
        assert first.lane == second.lane
        assert second.previous_hash == first.hash

    def test_knows_devices_keys_and_nobody(self, store, api_key, db):
        device = DeviceFactory(store=store)
        caller = Caller(
            key_id=api_key.pk,
            public_id=str(api_key.public_id),
            programme_id=api_key.programme_id,
            scopes=frozenset(),
            stores=None,
        )

        kinds = [
            (entry.actor_kind, entry.actor_id)
            for entry in (write(device), write(caller), write(None))
        ]

        assert kinds == [
            ("DEVICE", device.public_id),
            ("API_KEY", api_key.public_id),
            ("SYSTEM", None),
        ]

    def test_goes_with_the_transaction_it_tells_about(self, olga):
        with transaction.atomic():
            write(olga)
            transaction.set_rollback(True)

        assert not AuditEntry.objects.exists()
        assert audit.verify().is_whole


class TestAppendOnly:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE stores_auditentry SET reason = 'other'",
            "DELETE FROM stores_auditentry",
            "DELETE FROM stores_auditlane",
            "UPDATE stores_auditlane SET entries = entries - 1",
        ],
    )
    def test_refuses_a_change(self, olga, sql):
        write(olga)

        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


class TestVerify:
    def test_finds_nothing_wrong_with_what_was_recorded(self, db):
        for _ in range(5):
            staff = StaffFactory(programme=ProgrammeFactory())
            for number in range(4):
                write(staff, data={"b": number, "a": [1.5, None, "å"]})

        found = audit.verify()

        assert found.is_whole
        assert found.entries == 20

    def test_holds_for_an_empty_trail(self, db):
        assert audit.verify() == audit.Verification(entries=0, breaks=[])

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("at", "2020-01-01T00:00:00Z"),
            ("actor_kind", "SYSTEM"),
            ("actor_id", "00000000-0000-7000-8000-000000000000"),
            ("action", "other"),
            ("member_id", None),
            ("subject", "staff:other"),
            ("reason", "other"),
            ("data", "{}"),
            ("programme_id", None),
        ],
    )
    def test_finds_a_change_of_any_part(self, olga, column, value):
        write(olga)
        changed = write(olga, member_id=uuid4(), data={"a": 1})
        write(olga)

        with behind_our_back() as cursor:
            cursor.execute(
                f"UPDATE stores_auditentry SET {column} = %s WHERE id = %s",  # noqa: S608
                [value, changed.pk],
            )

        assert audit.verify().breaks == [audit.Break(changed.lane, 2, "CHANGED")]

    def test_finds_an_entry_taken_out_of_the_middle(self, olga):
        write(olga)
        taken = write(olga)
        write(olga)

        with behind_our_back() as cursor:
            cursor.execute("DELETE FROM stores_auditentry WHERE id = %s", [taken.pk])

        assert audit.verify().breaks == [audit.Break(taken.lane, 3, "MISSING_BEFORE")]

    def test_finds_that_the_newest_entries_are_gone(self, olga):
        write(olga)
        gone = [write(olga), write(olga)]

        with behind_our_back() as cursor:
            cursor.execute(
                "DELETE FROM stores_auditentry WHERE id = ANY(%s)",
                [[entry.pk for entry in gone]],
            )

        assert audit.verify().breaks == [audit.Break(gone[0].lane, 1, "END_MISSING")]

    def test_finds_that_everything_is_gone(self, olga):
        entry = write(olga)

        with behind_our_back() as cursor:
            cursor.execute("DELETE FROM stores_auditentry")

        assert audit.verify().breaks == [audit.Break(entry.lane, 0, "END_MISSING")]

    def test_finds_an_entry_put_in_beside_the_chain(self, olga):
        entry = write(olga)

        with behind_our_back() as cursor:
            cursor.execute(
                """
                INSERT INTO stores_auditentry (at, actor_kind, action, subject, reason,
                    data, lane, number, previous_hash, hash)
                VALUES (now(), 'SYSTEM', 'forged', '', '', '{}', %s, 2, %s, 'x')
                """,
                [entry.lane, entry.hash],
            )

        faults = {each.fault for each in audit.verify().breaks}
        assert faults == {"CHANGED", "END_MISSING"}


class TestSeal:
    def test_finds_a_chain_that_was_rewritten_whole(self, olga):
        first = write(olga, reason="as it was")
        write(olga)
        kept = json.loads(json.dumps(audit.seal()))
        assert audit.verify_seal(kept) == []

        # Everything is made anew with all hashes right: the chain itself cannot tell.
        with behind_our_back() as cursor:
            cursor.execute("DELETE FROM stores_auditentry")
            cursor.execute("DELETE FROM stores_auditlane")
        write(olga, reason="prettier")
        write(olga)

        assert audit.verify().is_whole
        assert [each.fault for each in audit.verify_seal(kept)] == ["REWRITTEN"]
        assert audit.verify_seal(kept)[0].lane == first.lane


class TestVerifyAuditCommand:
    def test_says_that_the_chains_hold_and_seals_them(self, olga, tmp_path):
        write(olga)
        out, file = StringIO(), tmp_path / "seal.json"

        call_command("verify_audit", seal=file, stdout=out)
        call_command("verify_audit", against=file, stdout=out)

        assert "1 entries, every chain holds." in out.getvalue()
        assert json.loads(file.read_text()) == audit.seal()

    def test_fails_where_a_chain_does_not_hold(self, olga):
        entry, err = write(olga), StringIO()
        with behind_our_back() as cursor:
            cursor.execute("UPDATE stores_auditentry SET action = 'other'")

        with pytest.raises(CommandError):
            call_command("verify_audit", stderr=err)

        assert f"chain {entry.lane}: entry 1 was changed" in err.getvalue()


@pytest.mark.django_db(transaction=True)
class TestRecordAtOnce:
    def test_keeps_one_chain_when_many_write_as_one_actor(self):
        olga = StaffFactory()
        start = Barrier(4)

        def run():
            start.wait()
            try:
                for _ in range(5):
                    with transaction.atomic():
                        write(olga)
            finally:
                connection.close()

        threads = [Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        numbers = AuditEntry.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, 21))
        assert AuditLane.objects.get().entries == 20
        assert audit.verify().is_whole
