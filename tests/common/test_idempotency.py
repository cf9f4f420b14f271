"""One answer per key, also when two callers come at once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from common import idempotency
from common.idempotency import Answer, once
from common.models import IdempotencyRecord
from common.problems import Problem

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def call(
    act: Callable[[], Answer], *, key: str = "key-0001", body: object = 1
) -> Answer:
    return once(scope="t", key=key, operation="op", body=body, now=NOW, act=act)


@pytest.mark.django_db
class TestOnce:
    def test_runs_once_and_repeats_its_answer(self) -> None:
        runs: list[int] = []

        def act() -> Answer:
            runs.append(1)
            return Answer(201, {"id": "a"})

        first, second = call(act), call(act)

        assert runs == [1]
        assert (first.status, first.body, first.replayed) == (201, {"id": "a"}, False)
        assert (second.status, second.body, second.replayed) == (201, {"id": "a"}, True)

    def test_refuses_the_key_for_another_body(self) -> None:
        call(lambda: Answer(201, {}), body={"a": 1})

        with pytest.raises(Problem) as refused:
            call(lambda: Answer(201, {}), body={"a": 2})

        assert refused.value.status == 422
        assert refused.value.code == "idempotency_key_reused"

    def test_takes_the_same_body_whatever_the_order_of_its_keys(self) -> None:
        call(lambda: Answer(201, {}), body={"a": 1, "b": [{"c": 1, "d": 2}]})

        again = call(lambda: Answer(500, {}), body={"b": [{"d": 2, "c": 1}], "a": 1})

        assert again.replayed

    def test_keeps_nothing_when_the_act_fails(self) -> None:
        def fail() -> Answer:
            raise Problem(status=422, code="no", title="No")

        with pytest.raises(Problem):
            call(fail)

        assert not IdempotencyRecord.objects.exists()
        assert call(lambda: Answer(201, {"ok": True})).status == 201


@pytest.mark.django_db(transaction=True)
class TestOnceInParallel:
    def race(self, act: Callable[[], Answer]) -> list[Answer]:
        answers: list[Answer] = []
        start = threading.Barrier(8)

        def caller() -> None:
            start.wait()
            try:
                answers.append(call(act))
            finally:
                connection.close()

        threads = [threading.Thread(target=caller) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def test_lets_one_of_eight_through_and_tells_all_the_same(self) -> None:
        runs: list[int] = []

        def act() -> Answer:
            runs.append(1)
            return Answer(201, {"run": len(runs)})

        answers = self.race(act)

        assert len(runs) == 1
        assert {str(answer.body) for answer in answers} == {"{'run': 1}"}
        assert sum(answer.replayed for answer in answers) == 7

    def test_would_run_more_than_once_without_the_claim(self) -> None:
        # The twin: look-up then write, as it would be done without the unique claim.
        runs: list[int] = []
        start, looked = threading.Barrier(2), threading.Barrier(2)

        def caller() -> None:
            start.wait()
            with transaction.atomic():
                seen = IdempotencyRecord.objects.filter(scope="t", key="k").exists()
                looked.wait()
                if not seen:
                    runs.append(1)
            connection.close()

        threads = [threading.Thread(target=caller) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(runs) == 2


@pytest.mark.django_db
class TestPrune:
    def test_keeps_thirty_days_and_drops_what_is_older(self) -> None:
        call(lambda: Answer(201, {}))

        assert idempotency.prune(now=NOW + timedelta(days=30)) == 0
        assert idempotency.prune(now=NOW + timedelta(days=32)) == 1
