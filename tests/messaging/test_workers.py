"""Several workers, and workers that are killed."""

import os
import signal
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection

from consent.models import ConsentEntry
from messaging import delivery, transports
from messaging.delivery import LEASE
from messaging.models import Message
from messaging.services import send_due
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.messaging import NAME, queue, recording

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4
MESSAGES = 60


@pytest.fixture(autouse=True)
def _tasks_wait(monkeypatch):
    # Tests run tasks at once; here they stay in the queue, so that nothing is sent
    # before the workers of the test begin.
    monkeypatch.setattr("django_q.conf.Conf.SYNC", False)


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


def work_at_once(work):
    """Run `work` in several threads that begin together; raise what they raised."""
    barrier = threading.Barrier(WORKERS)
    errors = []

    def run():
        try:
            barrier.wait(timeout=20)
            work()
        except Exception as error:  # noqa: BLE001  # raised by the test itself
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _worker in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []


class TestWorkersAtOnce:
    def test_send_each_message_once(self, member, now):
        queued = {str(queue(member, now=now).public_id) for _message in range(MESSAGES)}

        with recording() as transport:
            work_at_once(lambda: send_due(now=now))

        assert sorted(transport.ids) == sorted(queued)

    def test_would_send_twice_without_the_lock(self, member, now, monkeypatch):
        """The twin: what the test above would see if claims took no lock."""
        for _message in range(MESSAGES):
            queue(member, now=now)
        barrier = threading.Barrier(WORKERS)
        met = set()

        def claim_without_lock(*, now, limit):
            due = list(
                Message.objects.filter(state=Message.State.NEW, send_after__lte=now)
                .select_related("member", "programme")
                .order_by("send_after", "pk")[:limit]
            )
            if not due:
                return None
            # All have read the same when the first of them writes.
            if threading.get_ident() not in met:
                met.add(threading.get_ident())
                barrier.wait(timeout=20)
            delivery._claim_some(due, now)
            Message.objects.bulk_update(due, ["state", "attempts", "claimed_at"])
            return due

        monkeypatch.setattr(delivery, "claim", claim_without_lock)
        with recording() as transport:
            work_at_once(lambda: send_due(now=now, limit=10))

        assert len(transport.ids) > len(set(transport.ids))


class TestQueueingAtOnce:
    def test_keeps_one_message_for_a_key_and_counts_it_once(self, member, now):
        made = []

        def queue_code():
            message = queue(
                member,
                now=now,
                kind="login_code",
                message_class=Message.Class.CODE,
                context={"code": "123456"},
                dedupe_key="once",
            )
            made.append(message.pk)

        # Twice as many as the limit lets through, were each counted.
        work_at_once(lambda: [queue_code(), queue_code()])

        assert len(made) == 2 * WORKERS
        assert set(made) == {Message.objects.get().pk}


class Gateway:
    """A provider in another process: a pipe notes every id that it takes.

    `kills_after` and `kills_before` are how often it kills the worker, with the message
    taken or not.
    """

    def __init__(self, pipe, *, kills):
        self.pipe = pipe
        self.kills = kills

    def send(self, outgoing):
        if self.kills == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(self.pipe, outgoing.id.encode() + b"\n")
        if self.kills == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return "taken"


@contextmanager
def gateway():
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def taken(reading):
    try:
        return os.read(reading, 65536).decode().split()
    except BlockingIOError:
        return []


def work_in_a_process(writing, now, *, kills):
    """Let a worker send what is due; return whether it was killed on the way."""
    connection.close()
    pid = os.fork()
    if pid == 0:
        try:
            transports.register(NAME, lambda: Gateway(writing, kills=kills))
            send_due(now=now)
        finally:
            os._exit(0)
    _pid, status = os.waitpid(pid, 0)
    close_old_connections()
    return os.WIFSIGNALED(status)


class TestAKilledWorker:
    @pytest.fixture(autouse=True)
    def _transport(self, settings):
        settings.MESSAGE_TRANSPORTS = {"SMS": NAME, "EMAIL": NAME}

    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
    @pytest.mark.parametrize("kills", ["before", "after"])
    def test_loses_no_service_message_and_repeats_it_under_its_own_id(
        self, member, now, kills
    ):
        message = queue(member, now=now)

        with gateway() as (reading, writing):
            assert work_in_a_process(writing, now, kills=kills)
            message.refresh_from_db()
            assert message.state == Message.State.CLAIMED
            assert not work_in_a_process(writing, now + LEASE, kills="")
            ids = taken(reading)

        message.refresh_from_db()
        assert message.state == Message.State.SENT
        # Twice at most, and then under one id, by which a provider knows it again.
        assert set(ids) == {str(message.public_id)}
        assert len(ids) == (2 if kills == "after" else 1)

    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
    @pytest.mark.parametrize("kills", ["before", "after"])
    def test_sends_no_offer_twice_and_says_that_it_does_not_know(
        self, member, now, kills
    ):
        answer(member, ConsentEntry.Action.GIVEN, at=now)
        message = queue(member, now=now, message_class=Message.Class.MARKETING)

        with gateway() as (reading, writing):
            assert work_in_a_process(writing, now, kills=kills)
            for hour in range(3):
                later = now + LEASE + timedelta(hours=hour)
                assert not work_in_a_process(writing, later, kills="")
            ids = taken(reading)

        message.refresh_from_db()
        assert message.state == Message.State.UNKNOWN
        assert len(ids) == (1 if kills == "after" else 0)
