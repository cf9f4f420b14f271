"""The books: what is owed, closed months, the proof and a member's ledger."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils.translation import override

from loyalty.overview.needs import list_needs
from members.merging import merge_members
from points import selectors, tasks
from points.books import closing, liability, proofs
from points.books.liability import Expiring
from points.models import ClosedMonth, Entry, ProofRun
from points.services import expire_points, post
from points.views import books as views
from stores.roles import Role
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory
from tests.points.test_proof import DAMAGE

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 12, tzinfo=UTC)
JUNE = datetime(2026, 6, 10, 12, tzinfo=UTC)
JULY = datetime(2026, 7, 10, 12, tzinfo=UTC)


@pytest.fixture
def rule(programme):
    return EarningRuleFactory(programme=programme, published=True)


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


def earn(member, points, at, key, *, posted=None, expires_at=None):
    return post(
        member_id=member.pk,
        kind=Entry.Kind.EARN,
        points=points,
        key=key,
        at=at,
        now=posted or at,
        expires_at=expires_at,
    )


def spend(member, points, at, key="spend"):
    return post(
        member_id=member.pk,
        kind=Entry.Kind.SPEND,
        points=-points,
        key=key,
        at=at,
        now=at,
    )


class TestContractLiability:
    """IFRS 15, illustrative example 52: 100,000 of sales that gave 10,000 points."""

    def test_shares_the_price_between_goods_and_points(self):
        owed = liability.contract_liability(
            sales=Decimal(100_000),
            issued_worth=Decimal(10_000),
            used_worth=Decimal(0),
            used_share=Decimal("0.95"),
        )

        assert owed == Decimal("8675.80")

    def test_earns_the_part_of_the_points_as_they_are_used(self):
        owed = liability.contract_liability(
            sales=Decimal(100_000),
            issued_worth=Decimal(10_000),
            used_worth=Decimal(4_500),
            used_share=Decimal("0.95"),
        )

        # 8,676 less 4,500 / 9,500 of it, which is 4,110.
        assert owed == Decimal("4566.21")

    def test_owes_nothing_when_more_was_used_than_expected(self):
        owed = liability.contract_liability(
            sales=Decimal(1000),
            issued_worth=Decimal(100),
            used_worth=Decimal(100),
            used_share=Decimal("0.95"),
        )

        assert owed == 0

    def test_owes_nothing_where_nothing_was_sold(self):
        assert (
            liability.contract_liability(
                sales=Decimal(0),
                issued_worth=Decimal(100),
                used_worth=Decimal(0),
                used_share=Decimal(1),
            )
            == 0
        )


class TestBooksAt:
    def test_counts_points_in_the_month_of_the_purchase(self, programme, member, rule):
        # A till without a line for three weeks sends May's purchase in June.
        earn(member, 100, MAY, "late", posted=JUNE)
        earn(member, 40, JUNE, "june")

        books = liability.books_at(programme=programme, until=JULY)

        assert [(each.month, each.issued) for each in books.cohorts] == [
            (date(2026, 5, 1), 100),
            (date(2026, 6, 1), 40),
        ]

    def test_says_the_same_of_a_past_day_whenever_it_is_asked(
        self, programme, member, rule
    ):
        earn(member, 100, MAY, "may")
        before = liability.books_at(programme=programme, until=JUNE)
        spend(member, 60, JULY)

        assert liability.books_at(programme=programme, until=JUNE) == before
        after = liability.books_at(programme=programme, until=JULY + timedelta(days=1))
        assert (after.total.used, after.total.outstanding) == (60, 40)

    def test_keeps_the_month_of_points_that_a_merge_has_moved(
        self, programme, member, rule
    ):
        other = MemberFactory(programme=programme)
        earn(other, 70, MAY, "theirs")
        merge_members(kept=member, merged=other, staff=None, now=JUNE)

        total = liability.books_at(programme=programme, until=JULY)

        assert [
            (each.month, each.issued, each.outstanding) for each in total.cohorts
        ] == [(date(2026, 5, 1), 70, 70)]

    def test_tells_what_members_owe_after_returns(self, programme, member, rule):
        earned = earn(member, 100, MAY, "may")
        spend(member, 100, MAY)
        post(
            member_id=member.pk,
            kind=Entry.Kind.REVERSE,
            points=-30,
            key="return",
            at=JUNE,
            now=JUNE,
            reverses_id=earned.entry_id,
        )

        books = liability.books_at(programme=programme, until=JULY)

        assert (books.owed_by_members, books.total.outstanding) == (30, 0)

    def test_tells_which_month_loses_what(self, programme, member, rule):
        # The first moment after July, in Stockholm.
        gone = datetime(2026, 7, 31, 22, tzinfo=UTC)
        earn(member, 100, MAY, "may", expires_at=gone)
        earn(member, 5, MAY, "for ever")

        books = liability.books_at(programme=programme, until=JUNE)

        assert books.expiring == (
            Expiring(date(2026, 7, 1), 100, Decimal("10.00"), 0),
            Expiring(None, 5, Decimal("0.50"), 0),
        )

    def test_adds_up_with_what_is_booked_to_the_point(self, programme, member, rule):
        earn(member, 100, MAY, "a", expires_at=JUNE)
        earn(member, 50, MAY, "b")
        spend(member, 20, MAY)
        expire_points(now=JULY)

        books = liability.books_at(programme=programme, until=JULY)

        member.account.refresh_from_db()
        assert books.total.outstanding - books.owed_by_members == member.account.balance
        assert (books.total.used, books.total.expired) == (20, 80)


class TestBalanceAsOf:
    def test_tells_what_was_there_on_that_day(self, member):
        earn(member, 100, MAY, "may")
        spend(member, 30, JUNE)

        assert selectors.balance_as_of(member, MAY).available == 0
        assert selectors.balance_as_of(member, JUNE).available == 100
        assert selectors.balance_as_of(member, JULY).available == 70

    def test_leaves_out_what_had_lapsed_by_then(self, member):
        earn(member, 100, MAY, "may", expires_at=JUNE)

        held = selectors.balance_as_of(member, JULY)

        assert (held.available, held.booked) == (0, 100)


class TestCloseMonth:
    def test_writes_down_what_stood_in_the_books(self, programme, member, rule):
        earn(member, 100, MAY, "may")
        earn(member, 11, JUNE, "june")

        closed = closing.close_month(
            programme=programme, month=date(2026, 5, 1), staff=None, now=JUNE
        )

        assert (closed.issued, closed.outstanding) == (100, 100)

    def test_lets_nothing_be_booked_in_it_any_more(self, programme, member, rule):
        earn(member, 100, MAY, "may")
        closed = closing.close_month(
            programme=programme, month=date(2026, 5, 1), staff=None, now=JUNE
        )

        with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
            earn(member, 5, MAY, "behind the books")
        # What comes late keeps its day of business, and is booked when it comes.
        earn(member, 5, MAY, "late", posted=JUNE)
        late = Entry.objects.get(key="late")
        assert (late.at, late.posted_at) == (MAY, JUNE)
        at_the_end = liability.books_at(programme=programme, until=closed.ends_at)
        assert at_the_end.total.issued == closed.issued == 100
        in_june = liability.books_at(programme=programme, until=JULY)
        assert (in_june.total.issued, in_june.late.points) == (105, 5)

    def test_holds_for_a_load_too(self, programme, member, rule):
        earn(member, 100, MAY, "may")
        closing.close_month(
            programme=programme, month=date(2026, 5, 1), staff=None, now=JUNE
        )

        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")

        with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
            earn(member, 5, MAY, "behind the books")

    def test_lets_other_clubs_be(self, programme, member, rule):
        other_member = MemberFactory(programme=ProgrammeFactory(name="Andra"))
        earn(member, 100, MAY, "may")
        closing.close_month(
            programme=programme, month=date(2026, 5, 1), staff=None, now=JUNE
        )

        earn(other_member, 5, MAY, "theirs")

    def test_goes_month_by_month(self, programme, member, rule):
        earn(member, 100, MAY, "may")

        with override("en"), pytest.raises(closing.CannotClose, match="one after"):
            closing.close_month(
                programme=programme, month=date(2026, 6, 1), staff=None, now=JULY
            )

    def test_waits_until_it_is_over(self, programme, member, rule):
        earn(member, 100, MAY, "may")

        with override("en"), pytest.raises(closing.CannotClose, match="not over"):
            closing.close_month(
                programme=programme,
                month=date(2026, 5, 1),
                staff=None,
                now=datetime(2026, 5, 31, 21, 59, tzinfo=UTC),
            )

    def test_is_never_changed_afterwards(self, programme, member, rule):
        earn(member, 100, MAY, "may")
        closed = closing.close_month(
            programme=programme, month=date(2026, 5, 1), staff=None, now=JUNE
        )

        with pytest.raises(DatabaseError), transaction.atomic():
            ClosedMonth.objects.filter(pk=closed.pk).update(issued=1)
        with pytest.raises(DatabaseError), transaction.atomic():
            closed.delete()


class TestWriteAssumption:
    def test_holds_from_its_day(self, programme, member, rule):
        earn(member, 100, MAY, "may")
        closing.write_assumption(
            programme=programme,
            valid_from=date(2026, 6, 1),
            used_share=Decimal(80),
            because="Four fifths of last year's points were used.",
            staff=StaffFactory(programme=programme),
            now=JUNE,
        )

        def share(until):
            return liability.assumption_at(programme, until)

        assert share(MAY) is None
        assert share(JUNE).used_share == 80

    def test_leaves_closed_books_alone(self, programme, member, rule):
        earn(member, 100, MAY, "may")
        closing.close_month(
            programme=programme, month=date(2026, 5, 1), staff=None, now=JUNE
        )

        with pytest.raises(closing.CannotClose):
            closing.write_assumption(
                programme=programme,
                valid_from=date(2026, 5, 15),
                used_share=Decimal(80),
                because="Too late.",
                staff=StaffFactory(programme=programme),
                now=JUNE,
            )


class TestRun:
    def test_keeps_that_all_holds(self, member):
        earn(member, 100, MAY, "may")

        found = proofs.run(programme=member.programme, clock=lambda: JUNE)

        assert (found.differences, found.entries, found.points) == (0, 1, 100)
        assert proofs.latest(member.programme) == found

    def test_keeps_what_differs_and_says_so_loudly(self, member, caplog):
        earn(member, 100, MAY, "may")
        damage = "UPDATE points_account SET balance = balance + 1"
        with connection.cursor() as cursor:
            cursor.execute(damage)

        found = proofs.run(programme=member.programme, clock=lambda: JUNE)

        assert DAMAGE[damage] in {each["law"] for each in found.details}
        assert any(record.levelname == "ERROR" for record in caplog.records)


class TestProofsOfTwoClubs:
    """A row of the club next door differs: its staff see it, and nobody else."""

    @pytest.fixture
    def next_door(self, member):
        theirs = MemberFactory(programme=ProgrammeFactory(name="Andra"))
        earn(member, 100, MAY, "may")
        earn(theirs, 40, MAY, "may")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE points_account SET balance = balance + 1 WHERE member_id = %s",
                [theirs.pk],
            )
        proofs.run_all(clock=lambda: JUNE)
        return theirs.programme

    def test_keep_to_their_own(self, programme, next_door):
        ours, other = proofs.latest(programme), proofs.latest(next_door)

        assert (ours.differences, ours.members, ours.points) == (0, 1, 100)
        assert (other.members, other.points) == (1, 40)
        assert other.differences > 0

    def test_show_a_club_nothing_of_another(
        self, desk_client, olga, programme, next_door
    ):
        page = desk_client(olga).get(reverse("points:proof"))

        assert page.context["last"] == proofs.latest(programme)
        assert page.context["runs"] == [proofs.latest(programme)]
        assert all(rows == [] for _law, rows in page.context["laws"])
        needs = list_needs(
            programme=programme,
            store_ids=None,
            roles=frozenset({Role.OWNER}),
            pending=0,
            now=JUNE,
        )
        assert reverse("points:proof") not in {each.url for each in needs}

    def test_are_kept_for_each_when_all_is_well(self, member):
        other = ProgrammeFactory(name="Andra")
        earn(member, 100, MAY, "may")

        proofs.run_all(clock=lambda: JUNE)

        ours, theirs = proofs.latest(member.programme), proofs.latest(other)
        assert (ours.members, ours.entries, ours.points) == (1, 1, 100)
        assert (theirs.members, theirs.entries, theirs.points) == (0, 0, 0)


class TestScreens:
    def test_show_an_empty_club_without_failing(self, desk_client, olga):
        client = desk_client(olga)

        assert client.get(reverse("points:liability")).status_code == 200
        assert client.get(reverse("points:proof")).status_code == 200

    def test_show_what_is_owed_and_give_it_as_a_file(
        self, desk_client, olga, member, rule
    ):
        earn(member, 1234, MAY, "may")
        client = desk_client(olga)

        page = client.get(reverse("points:liability"))
        lines = b"".join(
            client.get(reverse("points:liability"), {"format": "csv"}).streaming_content
        )

        assert page.context["books"].total.outstanding == 1234
        assert b"2026-05" in lines

    def test_fold_the_months_before_the_last_six_and_add_them_up(
        self, desk_client, olga, member, rule
    ):
        for number in range(8):
            earn(member, 100, JULY - timedelta(days=30 * number), f"r{number}")
        spend(member, 150, JULY)
        client = desk_client(olga)
        client.cookies["language"] = "en"
        address = reverse("points:liability") + "?until=2026-07-31"

        folded = client.get(address)
        whole = client.get(f"{address}&months=all")

        earlier = folded.context["folded"]
        assert len(folded.context["cohorts"]) == 6
        assert "2 earlier months" in folded.content.decode()
        assert (earlier.issued, earlier.used, earlier.outstanding) == (200, 0, 200)
        shown = sum(each.outstanding for each in folded.context["cohorts"])
        assert shown + earlier.outstanding == folded.context["books"].total.outstanding
        assert len(whole.context["cohorts"]) == 8
        assert "earlier months" not in whole.content.decode()

    def test_close_the_month_that_is_over(self, desk_client, olga, member, rule):
        earn(member, 100, MAY, "may")

        desk_client(olga).post(reverse("points:month-close"), {"month": "2026-05-01"})

        assert ClosedMonth.objects.get().month == date(2026, 5, 1)

    @pytest.mark.parametrize("month", ["", "2026-13-01", "2031-01-01", "x"])
    def test_say_what_is_wrong_with_a_month(self, desk_client, olga, month):
        answer = desk_client(olga).post(
            reverse("points:month-close"), {"month": month}, follow=True
        )

        assert answer.status_code == 200
        assert not ClosedMonth.objects.exists()

    def test_keep_what_was_typed_of_an_assumption(self, desk_client, olga):
        answer = desk_client(olga).post(
            reverse("points:assumption-add"),
            {"valid_from": "2026-06-01", "used_share": "120", "because": "Hopp"},
        )

        assert answer.status_code == 422
        assert b"Hopp" in answer.content

    def test_have_the_ledger_proven_by_the_worker_when_asked(
        self, desk_client, olga, member, monkeypatch
    ):
        earn(member, 100, MAY, "may")
        queued = []
        monkeypatch.setattr(views, "async_task", lambda *task: queued.append(task))
        client = desk_client(olga)

        client.post(reverse("points:proof-run"))
        client.post(reverse("points:proof-run"))

        # Nothing was proven within the request, and nobody waits for two.
        asked = ProofRun.objects.get()
        assert (asked.started_by, asked.ended_at) == (olga, None)
        assert client.get(reverse("points:proof")).context["waiting"] == asked
        for name, run_id in queued:
            assert name == "points.tasks.prove_now"
            assert tasks.prove_now(run_id) == 0
        page = client.get(reverse("points:proof"))
        assert (page.context["waiting"], page.context["last"]) == (None, asked)
        assert page.context["last"].entries == 1
        assert all(rows == [] for _law, rows in page.context["laws"])

    def test_show_a_ledger_as_of_a_day(self, desk_client, olga, member, rule):
        earn(member, 100, MAY, "may")
        spend(member, 30, JUNE)
        url = reverse("points:member-ledger", args=[member.public_id])

        page = desk_client(olga).get(url, {"until": "2026-05-31"})

        assert page.context["balance"].available == 100
        assert page.context["worth"] == Decimal(10)
        assert [row.record.points for row in page.context["table"].rows] == [100]

    def test_ask_as_often_for_many_entries_as_for_few(
        self, desk_client, olga, member, rule, django_assert_max_num_queries
    ):
        for number in range(30):
            earn(member, 10, MAY, f"n{number}")
        client = desk_client(olga)
        url = reverse("points:member-ledger", args=[member.public_id])

        with django_assert_max_num_queries(22):
            client.get(url)
