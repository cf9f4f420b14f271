from functools import partial
from threading import Barrier, Event

import pytest
from django.db import connection

from common.lanes import side_by_side


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


class TestSideBySide:
    @pytest.mark.django_db(transaction=True)
    def test_gives_what_the_calls_gave_in_their_order(self) -> None:
        assert side_by_side(partial(int, n) for n in range(20)) == list(range(20))

    @pytest.mark.django_db(transaction=True)
    def test_makes_two_calls_at_the_same_time_on_connections_of_their_own(self) -> None:
        together = Barrier(2, timeout=20)

        def call() -> int:
            together.wait()
            return _backend()

        first, second = side_by_side([call, call])
        assert len({first, second, _backend()}) == 3

    @pytest.mark.django_db(transaction=True)
    def test_raises_an_error_when_the_others_have_ended(self) -> None:
        begun, ended, never = Event(), Event(), Event()

        def fails() -> None:
            assert begun.wait(20)
            message = "no room"
            raise ValueError(message)

        def goes_on() -> None:
            begun.set()
            connection.ensure_connection()
            ended.set()

        with pytest.raises(ValueError, match="no room"):
            side_by_side([fails, goes_on, fails, never.set])
        assert ended.is_set()
        assert not never.is_set()

    @pytest.mark.django_db
    def test_stays_inside_a_transaction(self) -> None:
        assert set(side_by_side([_backend, _backend])) == {_backend()}
