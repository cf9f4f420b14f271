"""What a receipt costs the database, however much its member has bought before."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from points import reading
from points.models import Account, Entry
from points.services import post, reserve
from points.terms import (
    Birthday,
    Goods,
    Ladder,
    Multiplier,
    Terms,
    Tier,
    When,
)
from purchases.models import Receipt
from purchases.rules import ContactIn, ContactKind
from purchases.services.recording import Request, record_receipt
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.purchases.books import BOUGHT_AT, CLUB, back, item, receipt

pytestmark = pytest.mark.django_db
FEW, MANY = 10, 10_000
NAMES = {"sv": "x", "da": "x", "en": "x"}
# Asks for everything that a version can ask for.
CURIOUS = Terms(
    multipliers=(
        Multiplier("a", 2, When(first_purchase=True)),
        Multiplier("b", 2, When(birthday=Birthday.WEEK)),
        Multiplier("c", 2, When(tiers=("gold",))),
        Multiplier("d", 2, When(goods=Goods(categories=("Kaffe",)))),
    ),
    ladder=Ladder(tiers=(Tier("base", NAMES, 0), Tier("gold", NAMES, 10**8))),
)
# A history as rows: as the functions would have left it, in one statement each.
_HISTORY = """
WITH made AS (
    INSERT INTO purchases_receipt
        (public_id, programme_id, store_id, till_code, unique_receipt_id,
         receipt_number, member_id, purchased_at, business_on, currency, total,
         payments, taxes, rule_id, eligible, points, returned_eligible,
         returned_points, exact, returned_exact, no_points_reason, original_unique_id,
         return_eligible, reversed_points, source, content_hash, recorded_at)
    SELECT gen_random_uuid(), %(programme)s, %(store)s, '', %(member)s || '-' || n, '',
        %(member)s, %(at)s - n * interval '1 hour', '2026-01-01', 'SEK', 100, '[]',
        '[]', %(rule)s, 100, 100, 0, 0, 100, 0, '', '', 0, 0, 'API', '', %(at)s
    FROM generate_series(1, %(number)s) n
    RETURNING id, public_id, member_id, purchased_at
), lines AS (
    INSERT INTO purchases_receiptline
        (receipt_id, member_id, number, kind, sku, article_number, article_name,
         article_group, quantity, gross_paid, tax_amount, tax_percent, discounts,
         is_eligible, points, rate)
    SELECT id, member_id, 1, 'PURCHASE', 'A', 'A', 'A', '', 1, 100, 20, 25, '[]', true,
        100, 1 FROM made
), entries AS (
    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         rule_id, source_type, source_id, reason)
    SELECT gen_random_uuid(), member_id, 'EARN', 100,
        100 * row_number() OVER (ORDER BY id), purchased_at, %(at)s,
        'receipt:' || public_id, %(rule)s, 'receipt', public_id, '' FROM made
    RETURNING id, member_id, at
), lots AS (
    INSERT INTO points_lot
        (entry_id, member_id, points, remaining, active_from, expires_at)
    SELECT id, member_id, 100, 0, at, '2030-01-01' FROM entries
)
INSERT INTO points_account
    (member_id, balance, earned_total, entries, changed_at)
SELECT %(member)s, 0, 100 * %(number)s, %(number)s, %(at)s
"""
# Half of it was used, and the goods of the other half came back and were paid for.
_USED = """
WITH used AS (
    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         source_type, reason)
    SELECT gen_random_uuid(), e.member_id,
        CASE WHEN e.id %% 2 = 0 THEN 'SPEND' ELSE 'REVERSE' END, -100, 0, e.at,
        e.posted_at, 'used:' || e.id, '', ''
    FROM points_entry e WHERE e.member_id = %(member)s AND e.kind = 'EARN'
    RETURNING id, member_id, key
)
INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
SELECT member_id, id, split_part(key, ':', 2)::bigint, 100 FROM used
"""
_ANALYZE = (
    "ANALYZE purchases_receipt, purchases_receiptline, points_entry, points_lot, "
    "points_lotuse, points_account, points_activity, points_reservation"
)


class Explained:
    """Runs the statements of a receipt with EXPLAIN and adds up the pages they read."""

    def __init__(self):
        self.pages = []

    def __call__(self, execute, sql, params, many, context):
        # The plans of what the functions run are theirs: what they read is counted
        # with the call. The statement itself runs afterwards, so that what it writes
        # is undone first.
        if "purchases_" in sql and "SELECT" in sql:
            with connection.cursor() as cursor:
                cursor.execute("SAVEPOINT explained")
                cursor.cursor.execute(
                    f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params
                )
                (plan,) = cursor.cursor.fetchone()
                cursor.execute("ROLLBACK TO SAVEPOINT explained")
            plan = json.loads(plan) if isinstance(plan, str) else plan
            read = plan[0]["Plan"]
            self.pages.append(read["Shared Hit Blocks"] + read["Shared Read Blocks"])
        return execute(sql, params, many, context)


@pytest.fixture
def club(programme, shop):
    rule = EarningRuleFactory(
        programme=programme, published=True, terms=reading.dump(CURIOUS)
    )

    def member_with(number):
        member = MemberFactory(programme=programme)
        with connection.cursor() as cursor:
            cursor.execute(
                _HISTORY,
                {
                    "programme": programme.pk,
                    "store": shop.pk,
                    "member": member.pk,
                    "rule": rule.pk,
                    "number": number,
                    "at": BOUGHT_AT,
                },
            )
        return member

    return member_with


def send(member, sent):
    record_receipt(
        club=replace(CLUB, programme_id=member.programme_id),
        receipt=sent,
        request=Request("test", sent.unique_receipt_id, b"x" * 32),
        now=BOUGHT_AT,
    )


def owe(member):
    """Let a member reserve 30 points, and owe 5,000 after a return."""
    posted = {"member_id": member.pk, "at": BOUGHT_AT, "now": BOUGHT_AT}
    post(kind=Entry.Kind.GOODWILL, points=30, key="gift", **posted)
    reserve(
        member_id=member.pk,
        points=30,
        key="basket",
        expires_at=BOUGHT_AT + timedelta(days=1),
        now=BOUGHT_AT,
    )
    post(kind=Entry.Kind.REVERSE, points=-5000, key="back", **posted)


def sold(member, *lines, **fields):
    contact = ContactIn(ContactKind.PHONE, member.phone)
    return receipt(*lines, contact=contact, **fields)


class TestReceipt:
    def test_takes_two_statements_whatever_the_version_asks(self, club):
        member = club(FEW)

        with CaptureQueriesContext(
            connection,
        ) as queries:
            send(member, sold(member, item("100.00")))

        asked = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        assert len(asked) == 2

    def test_reads_no_more_of_a_long_history(self, club):
        few, many = club(FEW), club(MANY)
        with connection.cursor() as cursor:
            cursor.execute(_ANALYZE)
            # Where one member has half of all receipts, reading everything is as good
            # as an index; in a club of a million it never is.
            cursor.execute("SET LOCAL enable_seqscan = off")
            # Plans whose cost is forbidding by that would all be compiled.
            cursor.execute("SET LOCAL jit = off")
        read = {}
        for member in (few, many):
            # Once before, so that the plans are there.
            send(member, sold(member, item("10.00")))
            bought = sold(member, item("100.00"), item("50.00", sku="B"))
            returned = sold(member, back("50.00", sku="B"), original=bought)
            explained = Explained()
            with connection.execute_wrapper(explained):
                send(member, bought)
                send(member, returned)
            read[member] = explained.pages

        # The context and the write, of the purchase and of the return.
        assert len(read[few]) == len(read[many]) == 4
        for little, much in zip(read[few], read[many], strict=True):
            # An index of ten thousand has a level or two more.
            assert much <= little * 1.3 + 12, read

    def test_reads_no_more_of_a_long_history_of_who_owes(self, club):
        """And has put points aside for a purchase that is not finished."""
        few, many = club(FEW), club(MANY)
        for member in (few, many):
            with connection.cursor() as cursor:
                cursor.execute(_USED, {"member": member.pk})
            owe(member)
        with connection.cursor() as cursor:
            cursor.execute(_ANALYZE)
            cursor.execute("SET LOCAL enable_seqscan = off")
            # Plans whose cost is forbidding by that would all be compiled.
            cursor.execute("SET LOCAL jit = off")
        read = {}
        for member in (few, many):
            send(member, sold(member, item("10.00")))
            bought = sold(member, item("100.00"), item("50.00", sku="B"))
            returned = sold(member, back("50.00", sku="B"), original=bought)
            explained = Explained()
            with connection.execute_wrapper(explained):
                send(member, bought)
                send(member, returned)
            read[member] = explained.pages

        assert len(read[few]) == len(read[many]) == 4
        for little, much in zip(read[few], read[many], strict=True):
            assert much <= little * 1.3 + 12, read
        for member in (few, many):
            (owed,) = Account.objects.filter(member=member).values_list("owed")
            assert owed == (5000 - 10 - 150 + 50,)

    def test_would_be_seen_to_read_more(self, club):
        """The measure itself: a sum over the history costs what the history is long."""
        few, many = club(FEW), club(MANY)
        explained = Explained()
        with connection.execute_wrapper(explained), connection.cursor() as cursor:
            for member in (few, many):
                cursor.execute(
                    "SELECT sum(total) FROM purchases_receipt WHERE member_id = %s",
                    [member.pk],
                )

        little, much = explained.pages
        assert much > little * 5
        assert Receipt.objects.filter(member=many).count() == MANY
