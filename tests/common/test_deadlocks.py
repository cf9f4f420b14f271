import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from common.deadlocks import again_after_deadlock
from tests.factories.stores import ProgrammeFactory

_LOCK = "SELECT id FROM stores_programme WHERE id = %s FOR UPDATE"


def cross(work, ids):
    """Lock two rows in two threads, each in its own order; return the errors."""
    barrier = threading.Barrier(2)
    failed, done = [], []

    def run(order):
        met = []

        def both():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_LOCK, [order[0]])
                if not met:
                    met.append(True)
                    barrier.wait(10)
                cursor.execute(_LOCK, [order[1]])

        try:
            work(both)()
            done.append(order)
        except OperationalError as error:
            failed.append(error.__cause__.sqlstate)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(each,)) for each in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed, done


@pytest.mark.django_db(transaction=True)
class TestAgainAfterDeadlock:
    @pytest.fixture
    def ids(self):
        return [ProgrammeFactory().pk, ProgrammeFactory().pk]

    def test_lets_both_through(self, ids):
        failed, done = cross(again_after_deadlock, ids)

        assert (failed, len(done)) == ([], 2)

    def test_is_needed(self, ids):
        """Without it, one of the two is told that it failed."""
        failed, done = cross(lambda work: work, ids)

        assert (failed, len(done)) == (["40P01"], 1)

    def test_does_not_repeat_what_failed_otherwise(self):
        tries = []

        @again_after_deadlock
        def work():
            tries.append(1)
            raise OperationalError

        with pytest.raises(OperationalError):
            work()
        assert len(tries) == 1

    def test_leaves_a_caller_s_transaction_to_the_caller(self, ids):
        calls = []

        @again_after_deadlock
        def work():
            calls.append(1)
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")

        with pytest.raises(OperationalError), transaction.atomic():
            work()
        assert len(calls) == 1
