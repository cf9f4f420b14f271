"""Many tills at once on few accounts: nobody gets more than there is, and none less."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Barrier
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from points import proof
from points.models import Account, Entry, Reservation
from points.services import post
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)

_SPEND = """
SELECT points_post(%(member)s, 'SPEND', -%(points)s, %(now)s, %(now)s, %(key)s, NULL,
    '', NULL, '', gen_random_uuid(), NULL, NULL)
"""
_RESERVE = """
SELECT points_reserve(%(member)s, %(points)s, %(key)s, %(now)s + interval '1 hour',
    %(now)s, %(id)s)
"""
_CAPTURE = """
SELECT points_capture(%(id)s, NULL, %(now)s, %(now)s, %(key)s, '', NULL, '',
    gen_random_uuid())
"""


def connect():
    known = connection.get_connection_params()
    # Of a server at a socket there is no more than its folder.
    named = ("host", "port", "user", "password", "dbname")
    return psycopg.connect(
        **{name: known[name] for name in named if known.get(name)},
        options="-c synchronous_commit=off",
        autocommit=True,
    )


def fill(programme, random, accounts):
    """Give each account points of several lots; return what it can use, and the price.

    Points that wait for their day, and that have lapsed already, are there as well:
    nobody can use them.
    """
    affordable = {}
    for _ in range(accounts):
        member = MemberFactory(programme=programme)
        usable = 0
        for place, points in enumerate(random.choices(range(1, 60), k=3)):
            ends = random.choice([None, NOW + timedelta(days=place + 1), NOW])
            begins = random.choice([None, None, NOW + timedelta(days=1)])
            usable += points if begins is None and ends != NOW else 0
            post(
                member_id=member.pk,
                kind=Entry.Kind.EARN,
                points=points,
                key=f"earned-{place}",
                at=NOW - timedelta(days=9),
                expires_at=ends,
                active_from=begins,
                now=NOW,
            )
        price = random.randint(10, 30)
        affordable[member.pk] = (price, usable // price)
    return affordable


def hammer(affordable, random, connections, spends):
    """Spend from all connections at once; count what succeeded, by member.

    Some pay at once, some reserve first; and every tenth says it twice.
    """
    members = list(affordable)
    barrier = Barrier(connections)
    work = [
        [
            (
                UUID(int=random.getrandbits(128)),
                random.choice(members),
                random.random() < 0.3,
                random.random() < 0.1,
            )
            for _ in range(spends // connections)
        ]
        for _ in range(connections)
    ]

    def go(mine):
        won = Counter()
        with connect() as own:
            barrier.wait()
            for key, member, reserves, again in mine:
                asked = {
                    "member": member,
                    "points": affordable[member][0],
                    "now": NOW,
                    "key": str(key),
                    "id": key,
                }
                steps = [_RESERVE, _CAPTURE] if reserves else [_SPEND]
                try:
                    for step in steps * (2 if again else 1):
                        own.execute(step, asked)
                except psycopg.DatabaseError as refused:
                    if refused.sqlstate != "SKP01":
                        raise
                else:
                    won[member] += 1
        return won

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(go, work), Counter())


def assert_exactly_what_was_affordable(programme, number, connections, spends):
    random = Random(number)
    affordable = fill(programme, random, 50)

    won = hammer(affordable, random, connections, spends)

    # So many were tried that every account is empty: what is left buys nothing more.
    assert won == Counter({who: most for who, (_p, most) in affordable.items()})
    assert not Account.objects.filter(balance__lt=0).exists()
    assert not Reservation.objects.filter(outcome="HELD").exists()
    assert not proof.check().differences


class TestManyTills:
    @pytest.mark.parametrize("number", [1])
    def test_spend_exactly_what_there_is(self, programme, number):
        assert_exactly_what_was_affordable(programme, number, 64, 1_600)

    @pytest.mark.soak
    @pytest.mark.parametrize("number", [2, 3, 4, 5])
    def test_spend_exactly_what_there_is_at_length(self, programme, number):
        assert_exactly_what_was_affordable(programme, number, 64, 10_000)


class TestWithoutTheGuard:
    """The twins: what happens to code that reads, decides and writes by itself."""

    TILLS = 8

    def run(self, programme, write):
        member = MemberFactory(programme=programme)
        post(
            member_id=member.pk,
            kind=Entry.Kind.EARN,
            points=10,
            key="earned",
            at=NOW,
            now=NOW,
        )
        barrier = Barrier(self.TILLS)

        def careless(_till):
            with connect() as own:
                (balance,) = own.execute(
                    "SELECT balance FROM points_account WHERE member_id = %s",
                    [member.pk],
                ).fetchone()
                barrier.wait()
                if balance < 10:
                    return False
                try:
                    own.execute(write, {"member": member.pk, "left": balance - 10})
                except psycopg.errors.CheckViolation:
                    return False
                return True

        with ThreadPoolExecutor(self.TILLS) as pool:
            return sum(pool.map(careless, range(self.TILLS)))

    def test_everybody_spends_the_same_points(self, programme):
        won = self.run(
            programme,
            "UPDATE points_account SET balance = %(left)s WHERE member_id = %(member)s",
        )

        assert won == self.TILLS
        assert proof.check().differences

    def test_the_database_lets_no_balance_fall_below_what_is_owed(self, programme):
        won = self.run(
            programme,
            "UPDATE points_account SET balance = balance - 10"
            " WHERE member_id = %(member)s",
        )

        assert won == 1
