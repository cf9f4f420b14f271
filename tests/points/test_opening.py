"""Opening balances: what members bring along, in sets and yet as if posted singly."""

import re
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.translation import override

from members import events
from members.merging import merge_members, undo_merge
from members.models import Event
from points import opening, proof, words
from points.books.closing import close_month
from points.books.liability import books_at
from points.models import Account, Entry, Lot, LotUse
from points.opening import Brought, open_balances, opening_at, worth_of
from points.services import post, reserve, reverse, settle_due
from points.terms import Vouchers, VoucherStep
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
SOURCE = UUID("0197f000-0000-7000-8000-000000000001")


@pytest.fixture
def rule(programme):
    return EarningRuleFactory(programme=programme, published=True)


def bring(rule, points, *, expires_at=UNTIL, now=NOW):
    """Bring points along, by member."""
    members = [*points]
    return open_balances(
        brought=Brought(
            [member.pk for member in members],
            [points[member] for member in members],
            [expires_at] * len(members),
        ),
        rule_id=rule.pk,
        source_id=SOURCE,
        now=now,
    )


def give(member, points, key="purchase", kind=Entry.Kind.EARN):
    return post(
        member_id=member.pk, kind=kind, points=points, key=key, at=NOW, now=NOW
    ).entry_id


def owe(member, points):
    """Buy, use the points, and bring the goods back."""
    earned = give(member, points)
    give(member, -points, key="used", kind=Entry.Kind.SPEND)
    reverse(
        member_id=member.pk,
        points=points,
        key="back",
        at=NOW,
        now=NOW,
        reverses_id=earned,
    )


def account_of(member):
    return Account.objects.get(member=member)


def waiting_for_locks():
    """Return how many connections to this database wait for somebody's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def is_proven():
    return not proof.check().differences


class TestOpenBalances:
    def test_gives_each_member_one_entry_and_one_lot(self, programme, rule):
        anna, bo = MemberFactory.create_batch(2, programme=programme)

        assert bring(rule, {anna: 800, bo: 35}) == 2

        entry = Entry.objects.get(member=anna)
        assert (entry.kind, entry.points, entry.balance_after) == ("IMPORT", 800, 800)
        assert (entry.at, entry.posted_at, entry.rule_id) == (NOW, NOW, rule.pk)
        assert (entry.source_type, entry.source_id) == ("import", SOURCE)
        lot = Lot.objects.get(member=anna)
        assert (lot.points, lot.remaining, lot.is_pending) == (800, 800, False)
        assert (lot.active_from, lot.expires_at) == (NOW, UNTIL)
        account = account_of(bo)
        assert (account.balance, account.entries) == (35, 1)
        # Nothing of it was earned here: no tier is reached by it.
        assert account.earned_total == 0
        assert is_proven()

    def test_says_why_on_the_ledger_and_the_timeline(self, programme, rule):
        anna = MemberFactory(programme=programme)

        bring(rule, {anna: 1250})

        entry, event = Entry.objects.get(), Event.objects.get(kind="points.brought")
        with override("en"):
            assert words.why(entry) == "Collected before the club moved here"
            assert events.describe(event) == (
                "Brought 1\N{NO-BREAK SPACE}250 points along, "
                "collected before the club moved here."
            )
        assert (event.member_id, event.at) == (anna.pk, NOW)
        assert (event.subject_type, event.subject_id) == ("entry", entry.public_id)
        assert {entry.public_id.version, event.public_id.version} == {7}

    def test_gives_nothing_the_second_time(self, programme, rule):
        anna, bo = MemberFactory.create_batch(2, programme=programme)
        bring(rule, {anna: 800})

        assert bring(rule, {anna: 900, bo: 35}) == 1

        assert (account_of(anna).balance, account_of(bo).balance) == (800, 35)
        assert Event.objects.filter(kind="points.brought").count() == 2
        assert is_proven()

    def test_adds_to_what_was_earned_here(self, programme, rule):
        anna = MemberFactory(programme=programme)
        give(anna, 100)

        bring(rule, {anna: 800})

        account = account_of(anna)
        assert (account.balance, account.earned_total, account.entries) == (900, 100, 2)
        assert is_proven()

    @pytest.mark.parametrize(
        ("brought", "left", "owed", "balance"),
        [(300, 100, 0, 100), (200, 0, 0, 0), (50, 0, 150, -150)],
    )
    def test_pays_a_debt_first(self, programme, rule, brought, left, owed, balance):
        """Anna owes 200 points: she used them and brought the goods back."""
        anna, bo = MemberFactory.create_batch(2, programme=programme)
        owe(anna, 200)

        bring(rule, {anna: brought, bo: 40})

        account = account_of(anna)
        assert (account.balance, account.owed) == (balance, owed)
        assert Lot.objects.get(entry__kind="IMPORT", member=anna).remaining == left
        paid = LotUse.objects.get(lot__entry__kind="IMPORT")
        assert (paid.entry.kind, paid.points) == ("REVERSE", min(brought, 200))
        assert account_of(bo).balance == 40
        assert is_proven()

    def test_leaves_what_is_reserved(self, programme, rule):
        anna = MemberFactory(programme=programme)
        give(anna, 100)
        reserve(
            member_id=anna.pk,
            points=80,
            key="basket",
            expires_at=NOW + timedelta(hours=1),
            now=NOW,
        )

        bring(rule, {anna: 50})

        account = account_of(anna)
        assert (account.balance, account.reserved, account.owed) == (150, 80, 0)
        assert is_proven()

    def test_lapse_after_their_last_day(self, programme, rule):
        anna, bo = MemberFactory.create_batch(2, programme=programme)
        bring(rule, {anna: 800})
        bring(rule, {bo: 35}, expires_at=None)

        settle_due(now=UNTIL - timedelta(microseconds=1))
        assert account_of(anna).balance == 800
        settle_due(now=UNTIL)

        assert (account_of(anna).balance, account_of(bo).balance) == (0, 35)
        assert is_proven()

    def test_is_owed_as_points_of_its_month_that_no_receipt_gave(self, programme, rule):
        anna, bo = MemberFactory.create_batch(2, programme=programme)
        bring(rule, {anna: 800, bo: 35})

        books = books_at(programme=programme, until=datetime(2026, 4, 1, tzinfo=UTC))

        (cohort,) = books.cohorts
        assert (cohort.month, cohort.by_receipt) == (date(2026, 3, 1), False)
        assert (cohort.issued, cohort.outstanding) == (835, 835)
        assert (cohort.worth, cohort.liability) == (Decimal("83.50"), Decimal("83.50"))
        assert [each.points for each in books.expiring] == [835]

    def test_are_booked_in_an_open_month(self, programme, rule):
        """Nothing is brought into a month that is closed."""
        anna = MemberFactory(programme=programme)
        give(anna, 100)
        later = datetime(2026, 4, 2, tzinfo=UTC)
        close_month(programme=programme, month=date(2026, 3, 1), staff=None, now=later)

        closed = pytest.raises(DatabaseError, match="the month is closed")
        with closed, transaction.atomic():
            bring(rule, {anna: 800})
        bring(rule, {anna: 800}, now=later)

        assert account_of(anna).balance == 900

    def test_gives_nothing_to_whom_a_merge_has_given_it(self, programme, rule):
        """The same file again after two memberships of one person were merged."""
        anna, double = MemberFactory.create_batch(2, programme=programme)
        bring(rule, {double: 800})
        merge = merge_members(
            kept=anna, merged=double, staff=None, reason="One person", now=NOW
        )

        assert bring(rule, {anna: 800}) == bring(rule, {double: 800}) == 0
        assert account_of(anna).balance == 800

        undo_merge(merge=merge, staff=None, now=NOW)
        assert bring(rule, {anna: 300, double: 800}) == 1
        assert (account_of(anna).balance, account_of(double).balance) == (300, 800)
        assert is_proven()

    def test_leaves_what_posting_one_by_one_would(self):
        """What is given in a set is what `points_post` gives each, debts and all."""
        before = [
            ("new", 0, 800),
            ("earned", 100, 35),
            *(("owes", 200, brought) for brought in (50, 200, 800)),
        ]

        def play(single):
            programme = MemberFactory().programme
            rule = EarningRuleFactory(programme=programme, published=True)
            members = MemberFactory.create_batch(len(before), programme=programme)
            for member, (state, amount, _brought) in zip(members, before, strict=True):
                if state != "new":
                    (give if state == "earned" else owe)(member, amount)
            brought = {
                member: amount
                for member, (_s, _a, amount) in zip(members, before, strict=True)
            }
            if not single:
                bring(rule, brought)
            for member, amount in brought.items() if single else ():
                post(
                    member_id=member.pk,
                    kind=Entry.Kind.IMPORT,
                    points=amount,
                    key="import",
                    at=NOW,
                    now=NOW,
                    rule_id=rule.pk,
                    expires_at=UNTIL,
                    source_type="import",
                    source_id=SOURCE,
                )
            told = ("balance", "pending", "reserved", "owed", "earned_total", "entries")
            kept = ("kind", "points", "moved", "balance_after", "at", "key", "reason")
            lots = ("points", "remaining", "active_from", "expires_at", "is_pending")
            return [
                (
                    Account.objects.values(*told).get(member=member),
                    [*Entry.objects.filter(member=member).order_by("id").values(*kept)],
                    [*Lot.objects.filter(member=member).order_by("pk").values(*lots)],
                    [
                        *LotUse.objects.filter(member=member)
                        .order_by("id")
                        .values("points", "entry__key", "lot__entry__key")
                    ],
                )
                for member in members
            ]

        assert play(single=False) == play(single=True)
        assert is_proven()

    def test_looks_members_up_and_reads_no_table_through(self, programme, rule):
        members = MemberFactory.create_batch(30, programme=programme)
        give(members[0], 10)
        tables = ("points_account", "points_entry", "members_member", "points_lot")

        def scans():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
                    " WHERE relname = ANY (%s) ORDER BY 1",
                    [list(tables)],
                )
                return cursor.fetchall()

        with connection.cursor() as cursor:
            # As on a connection of its own: triggers, too, are planned in the function.
            cursor.execute("DISCARD PLANS")
        before = scans()
        bring(rule, dict.fromkeys(members, 5))

        assert scans() == before
        assert len(before) == len(tables)

    def test_takes_as_many_statements_for_a_thousand(
        self, programme, rule, django_assert_num_queries
    ):
        members = MemberFactory.create_batch(20, programme=programme)

        with django_assert_num_queries(1):
            bring(rule, dict.fromkeys(members, 5))


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def together(self, *work):
        """Do things at the same moment; return what they answered or raised."""
        gate, answers = Barrier(len(work)), []

        def one(do):
            try:
                with transaction.atomic():
                    gate.wait(timeout=20)
                    answers.append(do())
            except IntegrityError:
                answers.append("undone")
            finally:
                connection.close()

        threads = [Thread(target=one, args=(do,)) for do in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def test_give_a_member_theirs_once(self, programme, rule):
        members = MemberFactory.create_batch(20, programme=programme)
        brought = dict.fromkeys(members, 5)
        give(members[0], 10)

        answers = self.together(
            lambda: bring(rule, brought), lambda: bring(rule, brought)
        )

        # Who comes second waits and finds nothing to give, or is undone as a whole.
        assert sorted(map(str, answers)) in (["0", "20"], ["20", "undone"])
        assert Entry.objects.filter(kind="IMPORT").count() == 20
        assert is_proven()

    def test_never_lose_a_purchase_beside_them(self, programme, rule):
        anna = MemberFactory(programme=programme)

        answers = self.together(
            lambda: bring(rule, {anna: 800}), lambda: bool(give(anna, 100))
        )
        if "undone" in answers:
            # As the import does: the batch is written anew.
            bring(rule, {anna: 800})

        assert account_of(anna).balance == 900
        assert is_proven()

    def beside_a_purchase(self, rule, member, prepare=lambda: None):
        """Bring 800 points while a purchase of 100 is posted and not committed yet."""
        posted, over = threading.Event(), threading.Event()

        def buy():
            try:
                with transaction.atomic():
                    give(member, 100, key="beside")
                    posted.set()
                    assert over.wait(timeout=20)
            finally:
                connection.close()

        def import_():
            try:
                prepare()
                assert posted.wait(timeout=20)
                bring(rule, {member: 800})
            finally:
                connection.close()

        threads = [Thread(target=buy), Thread(target=import_)]
        for thread in threads:
            thread.start()
        assert posted.wait(timeout=20)
        while threads[1].is_alive() and not waiting_for_locks():
            time.sleep(0.01)
        over.set()
        for thread in threads:
            thread.join()
        return account_of(member).balance

    def test_go_on_from_what_a_purchase_has_left(self, programme, rule):
        anna = MemberFactory(programme=programme)
        give(anna, 10)

        assert self.beside_a_purchase(rule, anna) == 910
        assert is_proven()

    def test_without_the_lock_would_go_on_from_before_the_purchase(
        self, programme, rule, monkeypatch
    ):
        """Shows that the race exists: the entry says another balance than there is."""
        anna = MemberFactory(programme=programme)
        give(anna, 10)
        monkeypatch.setattr(
            opening, "_OPEN", opening._OPEN.replace("points_", "pg_temp.points_", 1)
        )

        def let_the_lock_go():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_get_functiondef('points_open_balances'::regproc)"
                )
                (source,) = cursor.fetchone()
                unlocked = re.sub(
                    r"PERFORM FROM points_account a .*?FOR UPDATE;",
                    "",
                    source,
                    flags=re.S,
                )
                assert unlocked != source
                cursor.execute(
                    unlocked.replace("public.points_open", "pg_temp.points_open")
                )

        self.beside_a_purchase(rule, anna, prepare=let_the_lock_go)

        assert {each.law for each in proof.check().differences} == {
            "the balance after each entry runs on"
        }


class TestOpeningAt:
    def test_is_by_the_version_in_force(self, programme, rule):
        found = opening_at(programme, NOW)

        assert found.rule.id == rule.pk
        # Two years later, when the month ends.
        assert found.expires_at == datetime(2028, 3, 31, 22, 0, tzinfo=UTC)

    def test_is_by_the_first_one_where_the_club_has_not_begun(self, programme):
        later = EarningRuleFactory(
            programme=programme, starts_at=NOW + timedelta(days=30), published=True
        )

        assert opening_at(programme, NOW).rule.id == later.pk

    def test_is_by_nothing_without_one(self, programme):
        EarningRuleFactory(programme=programme)

        assert opening_at(programme, NOW) is None


class TestWorthOf:
    def test_is_a_range_where_vouchers_differ(self, programme, rule):
        known = opening_at(programme, NOW).rule
        steps = (VoucherStep(500, Decimal(40)), VoucherStep(1000, Decimal(100)))
        terms = replace(known.terms, vouchers=Vouchers(steps=steps))

        one = worth_of(2000, known)
        several = worth_of(2000, replace(known, terms=terms))

        assert (one.least, one.most) == (200, 200)
        assert (several.least, several.most) == (160, 200)
