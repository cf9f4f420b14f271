import random
import threading
import time
from contextlib import contextmanager

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction

from members import events
from members.models import Event, EventCursor
from tests.factories.members import REGISTERED_AT, MemberFactory

NOW = REGISTERED_AT
KIND = "member.registered"


@pytest.fixture
def member(db):
    return MemberFactory()


def record(member, **data):
    return events.record(member_id=member.pk, kind=KIND, at=NOW, now=NOW, data=data)


def read_all(name="reader", **options):
    seen = []
    events.consume(name, seen.extend, now=NOW, **options)
    return [event.data.get("n") for event in seen]


@contextmanager
def another_connection():
    """Run work on a second connection to the database, as another process would."""
    work, done = [], threading.Event()
    ready = threading.Semaphore(0)
    finished = threading.Semaphore(0)

    def serve():
        try:
            while True:
                ready.acquire()
                if done.is_set():
                    return
                task, answer = work.pop()
                try:
                    answer.append(task())
                except Exception as error:  # noqa: BLE001 - handed to the caller
                    answer.append(error)
                finished.release()
        finally:
            connections.close_all()

    def call(task):
        answer = []
        work.append((task, answer))
        ready.release()
        assert finished.acquire(timeout=20)
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield call
    finally:
        done.set()
        ready.release()
        thread.join(timeout=20)


class TestRecord:
    def test_writes_one_event_with_the_transaction_that_wrote_it(self, member):
        event = record(member, n=1)

        event.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            assert event.xact == cursor.fetchone()[0]

    def test_refuses_a_kind_that_nobody_registered(self, member):
        with pytest.raises(events.UnknownKind):
            events.record(member_id=member.pk, kind="no.such", at=NOW, now=NOW)

    def test_is_written_once(self, member):
        event = record(member)

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Event.objects.filter(pk=event.pk).update(kind="other")


class TestRegisterKind:
    def test_refuses_a_kind_that_is_registered(self):
        with pytest.raises(ValueError, match="twice"):
            events.register_kind(KIND, icon="x", describe=str)

    def test_describes_what_no_room_knows_any_more(self):
        event = Event(kind="gone.long_ago")

        assert events.describe(event)
        assert events.icon_of(event) == "point"


@pytest.mark.django_db(transaction=True)
class TestConsume:
    def test_hands_out_every_event_once_and_in_order(self):
        member = MemberFactory()
        for n in range(5):
            record(member, n=n)

        assert read_all(limit=3) == [0, 1, 2]
        assert read_all(limit=3) == [3, 4]
        assert read_all() == []

    def test_gives_each_consumer_its_own_cursor(self):
        record(MemberFactory(), n=1)

        assert read_all("first") == [1]
        assert read_all("second") == [1]

    def test_keeps_the_cursor_when_the_handler_fails(self):
        record(MemberFactory(), n=1)

        def fail(_events):
            MemberFactory(first_name="Effect")
            raise RuntimeError

        with pytest.raises(RuntimeError):
            events.consume("reader", fail, now=NOW)

        assert not MemberFactory._meta.model.objects.filter(first_name="Effect")
        assert read_all() == [1]

    def test_waits_for_a_transaction_that_began_earlier_and_commits_later(self):
        member = MemberFactory()
        with another_connection() as other:
            slow = transaction.atomic()
            slow.__enter__()
            first = record(member, n="first")
            second = other(lambda: record(member, n="second"))
            assert first.pk < second.pk
            while_open = other(read_all)
            slow.__exit__(None, None, None)

            assert while_open == []
            assert other(read_all) == ["first", "second"]

    def test_waits_for_nobody_in_another_database_of_the_server(self):
        where = connection.get_connection_params() | {"dbname": "postgres"}
        options = {
            name: value
            for name, value in where.items()
            if name in {"host", "port", "user", "password", "dbname"}
        }
        with psycopg.connect(**options) as elsewhere:
            elsewhere.execute("SELECT pg_current_xact_id()")
            record(MemberFactory(), n=1)

            assert read_all() == [1]

    def test_loses_the_late_event_when_the_id_alone_is_the_cursor(self):
        """The twin: why `consume` does not do it the simple way."""
        member = MemberFactory()
        last_id = 0

        def read_by_id():
            nonlocal last_id
            rows = list(Event.objects.filter(pk__gt=last_id).order_by("pk"))
            last_id = rows[-1].pk if rows else last_id
            return [event.data["n"] for event in rows]

        with another_connection() as other:
            slow = transaction.atomic()
            slow.__enter__()
            record(member, n="first")
            other(lambda: record(member, n="second"))
            while_open = other(read_by_id)
            slow.__exit__(None, None, None)

            assert while_open == ["second"]
            assert other(read_by_id) == []

    def test_reads_no_event_twice_with_two_workers_at_once(self):
        member = MemberFactory()
        for n in range(4):
            record(member, n=n)
        seen = []

        with another_connection() as other:

            def read_while_other_tries(found):
                seen.extend(event.data["n"] for event in found)
                assert other(read_all) == []

            events.consume("reader", read_while_other_tries, now=NOW)

        assert seen == [0, 1, 2, 3]
        assert read_all() == []

    @pytest.mark.parametrize("rounds", [15, pytest.param(400, marks=pytest.mark.soak)])
    def test_loses_and_repeats_nothing_while_many_write(self, rounds):
        member = MemberFactory()
        seen = []

        def write(writer):
            chance = random.Random(writer)
            try:
                for n in range(rounds):
                    with transaction.atomic():
                        record(member, n=f"{writer}.{n}.a")
                        time.sleep(chance.random() / 100)
                        record(member, n=f"{writer}.{n}.b")
            finally:
                connections.close_all()

        writers = [threading.Thread(target=write, args=[each]) for each in range(3)]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            seen += read_all(limit=7)
        while found := read_all(limit=7):
            seen += found

        assert len(seen) == len(set(seen)) == 3 * rounds * 2
        for writer in range(3):
            own = [name for name in seen if name.startswith(f"{writer}.")]
            expected = [f"{writer}.{n}.{half}" for n in range(rounds) for half in "ab"]
            assert own == expected

    def test_sees_what_was_written_in_a_savepoint(self):
        member = MemberFactory()
        with transaction.atomic():
            record(member, n=1)
            with transaction.atomic():
                record(member, n=2)

        assert read_all() == [1, 2]


@pytest.mark.django_db(transaction=True)
class TestSkipToEnd:
    def test_starts_with_what_happens_from_now_on(self):
        member = MemberFactory()
        record(member, n="past")

        events.skip_to_end("reader", now=NOW)
        record(member, n="future")

        assert read_all() == ["future"]

    def test_misses_nothing_that_is_being_written_meanwhile(self):
        member = MemberFactory()
        with another_connection() as other:
            slow = transaction.atomic()
            slow.__enter__()
            record(member, n="meanwhile")
            other(lambda: events.skip_to_end("reader", now=NOW))
            slow.__exit__(None, None, None)

        assert read_all() == ["meanwhile"]

    def test_never_goes_back(self):
        record(MemberFactory(), n=1)
        read_all()
        EventCursor.objects.update(xact=2**60)

        events.skip_to_end("reader", now=NOW)

        assert EventCursor.objects.get().xact == 2**60


@pytest.mark.django_db(transaction=True)
class TestRebase:
    @staticmethod
    def pretend_dump_of_a_busier_server():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE members_event DISABLE TRIGGER ALL")
            cursor.execute("UPDATE members_event SET xact = xact + 10000000000")
            cursor.execute("ALTER TABLE members_event ENABLE TRIGGER ALL")
            cursor.execute("UPDATE members_eventcursor SET xact = xact + 10000000000")

    def test_lets_every_consumer_go_on_where_it_was(self):
        member = MemberFactory()
        for n in range(3):
            record(member, n=n)
        assert read_all(limit=2) == [0, 1]
        self.pretend_dump_of_a_busier_server()
        record(member, n="new")

        assert events.rebase() > 10_000_000_000
        record(member, n="newer")

        assert read_all() == [2, "new", "newer"]

    def test_is_asked_for_loudly_instead_of_losing_events(self):
        record(MemberFactory(), n=1)
        read_all()
        self.pretend_dump_of_a_busier_server()

        with pytest.raises(events.LogFromElsewhere):
            read_all()

    def test_leaves_a_log_of_this_server_alone(self):
        record(MemberFactory(), n=1)
        before = Event.objects.get().xact

        assert events.rebase() == 0

        assert Event.objects.get().xact == before

    def test_closes_the_log_again(self):
        event = record(MemberFactory(), n=1)
        self.pretend_dump_of_a_busier_server()

        events.rebase()

        with pytest.raises(DatabaseError, match="append-only"):
            Event.objects.filter(pk=event.pk).update(kind="other")
