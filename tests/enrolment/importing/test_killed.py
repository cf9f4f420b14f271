import os
import re
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from enrolment.importing import (
    applying,
    checking,
    services,
    work,
    writing,
)
from enrolment.importing.models import ClubImport, ImportBatch
from enrolment.models import Registration
from members.models import Event, Identifier, Member
from members.services import register_member
from tests.factories.importing import (
    NOW,
    check,
    receive,
    row,
    text,
)

State = ClubImport.State


def waiting_for_locks():
    """Return how many connections to this database wait for somebody's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


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
