"""In whatever order the same things are posted, everybody ends with the same points."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from points import proof
from points.models import Account
from tests.factories.members import MemberFactory
from tests.points.ledger_in_sql import STEP

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def things_to_post(random, member):
    """Return purchases, returns, a use, a gift and nights; and what each one needs.

    Nothing that the ledger may refuse: what is refused depends on when it is asked.
    Some points have lapsed already, as those of receipts that come in late; of what has
    lapsed nothing is taken back, for how much is asked then is the caller's. No two
    lapse on one day: of those the one that was posted first is used first.
    """
    things, needs = [], {}

    def add(op, key, needed=(), **sent):
        things.append({"op": op, "member": member, "key": key, **sent})
        needs[key] = set(needed)

    usable, earnings = 0, ["gift"]
    gift, *ends_in = random.sample(range(1, 90), 6)
    for place in range(6):
        earned, points = f"earned-{place}", random.randint(20, 200)
        # The first has lapsed, the second never does.
        days = [-1, None][place] if place < 2 else ends_in[place - 1]
        if place > 1 and random.random() < 0.3:
            days = -days
        ends = None if days is None else str(NOW + timedelta(days=days))
        add("give", earned, kind="EARN", points=points, until=ends)
        if days is not None and days < 0:
            continue
        earnings.append(earned)
        left = points
        for part in range(random.randint(0, 2)):
            taken = random.randint(1, left // 2)
            left -= taken
            add(
                "reverse",
                f"back-{place}-{part}",
                [earned],
                points=taken,
                policy="negative",
                other=member,
                of=earned,
            )
        usable += left
    used = random.randint(1, usable)
    add("use", "used", earnings, kind="SPEND", points=-used)
    until = str(NOW + timedelta(days=gift))
    add("give", "gift", kind="GOODWILL", points=random.randint(1, 50), until=until)
    for night in range(3):
        add("settle", f"night-{night}")
    return things, needs


def some_order(random, things, needs):
    """Return the things in a random order that is possible, some of them twice."""
    order, known = [], set()
    left = list(things)
    while left:
        ready = [thing for thing in left if needs[thing["key"]] <= known]
        thing = random.choice(ready)
        left.remove(thing)
        known.add(thing["key"])
        order.append(thing)
        if random.random() < 0.3:
            order.append(random.choice(order))
    return [{**thing, "now": str(NOW)} for thing in order]


def end_of(member, order):
    """Return what the member has after an order and one more night, and undo it."""
    order = [*order, {"op": "settle", "now": str(NOW)}]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_temp.ledger_run(%s::jsonb)", [json.dumps(order)])
        answers = json.loads(cursor.fetchone()[0])
        assert not [answer for answer in answers if isinstance(answer, str)]
        account = Account.objects.get(member=member)
        lots = account.member.lots.filter(remaining__gt=0)
        lapsed = account.member.point_entries.filter(kind="EXPIRE")
        # Or the nights would have had nothing to do.
        assert lapsed.exists()
        end = (
            account.balance,
            account.owed,
            account.earned_total,
            lapsed.aggregate(points=Sum("points"))["points"],
            sorted(lots.values_list("remaining", "entry__key")),
        )
        transaction.set_rollback(True)
    return end


def orders(cases, of_each):
    """Try so many orders of so many cases: each case has one end."""
    with connection.cursor() as cursor:
        cursor.execute(STEP)
    member = MemberFactory()
    for number in range(cases):
        random = Random(number)
        things, needs = things_to_post(random, member.pk)
        ends = {
            str(end_of(member, some_order(random, things, needs)))
            for _ in range(of_each)
        }
        assert len(ends) == 1, number
    assert not proof.check().differences


class TestAnyOrder:
    def test_ends_in_the_same_balance_and_lots(self):
        orders(cases=8, of_each=8)

    @pytest.mark.soak
    def test_ends_in_the_same_balance_and_lots_ten_thousand_times(self):
        orders(cases=200, of_each=50)
