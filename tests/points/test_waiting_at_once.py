"""F27: two workers let waiting points of two members become usable at one moment."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from points import proof, services
from points.models import Account, Entry
from points.selectors import balance_of
from points.services import settling
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def waiting(programme, points):
    """Return a member whose points become usable tomorrow, and one usable already."""
    member = MemberFactory(programme=programme)
    for key, number, active_from in (("waits", points, NOW + DAY), ("has", 1, None)):
        services.post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=number,
            key=key,
            at=NOW,
            active_from=active_from,
            now=NOW,
        )
    return member


def at_once(*works):
    """Do all at one moment, each in a connection of its own; return what each gave."""
    barrier, results = Barrier(len(works)), [None] * len(works)

    def go(place, work):
        try:
            barrier.wait()
            results[place] = work()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[place] = error
        finally:
            connection.close()

    threads = [
        Thread(target=go, args=(place, work)) for place, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class TestTwoWorkers:
    def test_give_each_member_their_own_points_and_once(self, programme):
        pairs = [
            (waiting(programme, 100 + place), waiting(programme, 700 + place))
            for place in range(5)
        ]
        for place, (one, other) in enumerate(pairs):
            ids = [one.pk, other.pk]
            done = at_once(
                lambda ids=ids: services.settle(member_ids=ids, now=NOW + DAY),
                lambda ids=ids: services.settle(member_ids=ids[::-1], now=NOW + DAY),
            )
            # In all, each point became usable once.
            assert sum(each.activated for each in done) == 800 + 2 * place

        for place, (one, other) in enumerate(pairs):
            assert balance_of(one, NOW + DAY).points == 101 + place
            assert balance_of(other, NOW + DAY).points == 701 + place
        assert not Account.objects.exclude(pending=0).exists()
        assert not proof.check().differences

    def test_that_run_the_whole_night_beside_each_other_do_no_more(self, programme):
        one, other = waiting(programme, 100), waiting(programme, 700)

        def night():
            return services.settle_due(now=NOW + DAY)

        done = at_once(night, night)

        assert sum(each.activated for each in done) == 800
        assert [balance_of(each, NOW + DAY).points for each in (one, other)] == (
            [101, 701]
        )
        assert not proof.check().differences

    def test_of_one_night_share_the_members_between_them(self, programme, monkeypatch):
        monkeypatch.setattr(settling, "_AT_ONCE", 2)
        monkeypatch.setattr(proof, "WORTH_SHARING", 0)
        members = [waiting(programme, 100) for _each in range(7)]

        done = services.settle_due(now=NOW + DAY)

        assert done.activated == 700
        assert {balance_of(each, NOW + DAY).points for each in members} == {101}
        found = proof.check()
        assert (found.members, found.entries, found.points) == (7, 21, 707)
        assert not found.differences

    def test_without_the_lock_would_both_let_the_same_points_go(self, programme):
        """The twin: read what waits, and then write it, as code without a lock does."""
        member = waiting(programme, 100)
        read = Barrier(2)

        def careless():
            account = Account.objects.get(member=member)
            read.wait()
            Account.objects.filter(member=member).update(pending=0)
            return account.pending

        assert at_once(careless, careless) == [100, 100]
