"""Limits that survive restarts."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from common import limits
from common.limits import Limit, LimitReached, give_back, take
from common.models import RateBucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
THREE_AN_HOUR = Limit("sms", 3, timedelta(hours=1))


@pytest.mark.django_db
class TestTake:
    def test_lets_the_amount_through_and_then_says_when_to_come_back(self) -> None:
        for _ in range(3):
            take([(THREE_AN_HOUR, "+46701740605")], now=NOW)

        with pytest.raises(LimitReached) as refused:
            take([(THREE_AN_HOUR, "+46701740605")], now=NOW)

        assert refused.value.limit == THREE_AN_HOUR
        assert 1190 <= refused.value.retry_after <= 1202
        take([(THREE_AN_HOUR, "+46701740605")], now=NOW + timedelta(seconds=1202))

    def test_counts_each_subject_apart(self) -> None:
        for _ in range(3):
            take([(THREE_AN_HOUR, "a")], now=NOW)

        take([(THREE_AN_HOUR, "b")], now=NOW)

    def test_takes_from_none_when_one_is_empty(self) -> None:
        roomy = Limit("address", 10, timedelta(hours=1))
        for _ in range(3):
            take([(THREE_AN_HOUR, "a")], now=NOW)

        with pytest.raises(LimitReached):
            take([(roomy, "x"), (THREE_AN_HOUR, "a")], now=NOW)

        assert not RateBucket.objects.filter(name__startswith="address:").exists()

    def test_takes_several_tokens_at_once_or_none(self) -> None:
        take([(THREE_AN_HOUR, "a", 2)], now=NOW)

        with pytest.raises(LimitReached) as refused:
            take([(THREE_AN_HOUR, "a", 2)], now=NOW)

        assert 1190 <= refused.value.retry_after <= 1202
        take([(THREE_AN_HOUR, "a")], now=NOW)

    def test_never_gives_more_than_a_bucket_holds(self) -> None:
        for _time in range(2):
            with pytest.raises(LimitReached):
                take([(THREE_AN_HOUR, "a", 4)], now=NOW)
            # The second time beside a bucket that is there.
            take([(THREE_AN_HOUR, "a")], now=NOW)

    def test_gains_nothing_from_a_clock_that_goes_back(self) -> None:
        for _ in range(3):
            take([(THREE_AN_HOUR, "a")], now=NOW)

        with pytest.raises(LimitReached):
            take([(THREE_AN_HOUR, "a")], now=NOW - timedelta(hours=5))

    def test_stores_no_number_or_address(self) -> None:
        take([(THREE_AN_HOUR, "+46701740605")], now=NOW)

        assert "701740605" not in RateBucket.objects.get().name


@pytest.mark.django_db(transaction=True)
class TestTakeInParallel:
    def test_never_gives_more_than_there_is(self) -> None:
        passed: list[bool] = []
        start = threading.Barrier(8)

        def caller() -> None:
            start.wait()
            try:
                take([(THREE_AN_HOUR, "a")], now=NOW)
                passed.append(True)
            except LimitReached:
                passed.append(False)
            finally:
                connection.close()

        threads = [threading.Thread(target=caller) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sum(passed) == 3


@pytest.mark.django_db
class TestPrune:
    def test_forgets_buckets_that_are_full_again(self) -> None:
        take([(THREE_AN_HOUR, "a")], now=NOW)

        assert limits.prune(now=NOW + timedelta(days=1)) == 0
        assert limits.prune(now=NOW + timedelta(days=3)) == 1


@pytest.mark.django_db
class TestGiveBack:
    def test_makes_room_for_one_more(self) -> None:
        for _ in range(3):
            take([(THREE_AN_HOUR, "a")], now=NOW)

        give_back([(THREE_AN_HOUR, "a")])

        take([(THREE_AN_HOUR, "a")], now=NOW)
        with pytest.raises(LimitReached):
            take([(THREE_AN_HOUR, "a")], now=NOW)

    def test_never_fills_a_bucket_above_its_amount(self) -> None:
        take([(THREE_AN_HOUR, "a")], now=NOW)

        for _ in range(5):
            give_back([(THREE_AN_HOUR, "a")])

        assert RateBucket.objects.get().tokens == 3
