import os
import time
from dataclasses import dataclass
from multiprocessing import current_process

import pytest
from django_q.conf import Conf

from common.apart import ApartError, apart, pickle_quickly


@dataclass(frozen=True, slots=True)
class Parcel:
    weight: int
    address: str


class TestApart:
    def test_yields_the_items_in_order(self):
        assert list(apart(iter(range(100)))) == list(range(100))

    def test_makes_them_in_another_process(self):
        def numbers():
            yield os.getpid()

        assert list(apart(numbers())) != [os.getpid()]

    def test_makes_them_here_where_no_process_may_be_had(self, monkeypatch):
        monkeypatch.setitem(current_process()._config, "daemon", True)

        def numbers():
            yield os.getpid()

        assert list(apart(numbers())) == [os.getpid()]

    def test_may_have_its_process_in_a_worker(self):
        assert not Conf.DAEMONIZE_WORKERS

    def test_raises_an_error_in_its_place(self):
        def broken():
            yield 1
            raise OSError("the source broke off")

        items = apart(broken())

        assert next(items) == 1
        with pytest.raises(OSError, match="broke off"):
            next(items)

    def test_tells_when_the_process_has_died(self):
        def dying():
            yield 1
            os._exit(1)

        items = apart(dying())

        assert next(items) == 1
        with pytest.raises(ApartError):
            next(items)

    def test_ends_the_process_when_nobody_wants_more(self):
        def endless():
            while True:
                yield os.getpid()

        items = apart(endless())
        pid = next(items)
        items.close()

        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    def test_makes_items_while_others_are_used(self):
        def numbers():
            for number in range(3):
                yield number, time.monotonic()

        items = apart(numbers())
        next(items)
        time.sleep(0.2)
        used = time.monotonic()

        assert all(made < used for _number, made in items)


class TestPickleQuickly:
    def test_keeps_what_a_dataclass_holds(self):
        pickle_quickly(Parcel)
        sent = [Parcel(1, "Göteborg"), Parcel(2, "Malmö")]

        assert list(apart(iter(sent))) == sent
