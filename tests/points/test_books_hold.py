"""Closed books hold still: what comes late, what is apart, what it costs to read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event as Signal
from threading import Thread

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.urls import reverse
from django.utils.translation import override

from points import reading, selectors
from points.books import closing, counting, liability
from points.books.counting import Span
from points.books.figures import Late
from points.models import Account, ClosedMonth, Entry
from points.programme import versions
from points.services import expire_points, post, release, reserve
from points.terms import ExpiryKind, Terms
from tests.factories.club import buy, line, open_club, returned
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import StaffFactory, StoreFactory

pytestmark = pytest.mark.django_db

# In Stockholm all of them: winter time from 25 October on.
OCTOBER_30 = datetime(2026, 10, 30, 15, tzinfo=UTC)
NOVEMBER_1 = datetime(2026, 10, 31, 23, tzinfo=UTC)
NOVEMBER_2 = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOVEMBER_10 = datetime(2026, 11, 10, 9, tzinfo=UTC)
DECEMBER_1 = datetime(2026, 11, 30, 23, tzinfo=UTC)
DECEMBER_3 = datetime(2026, 12, 3, 9, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def vera(programme):
    open_club(programme)
    return MemberFactory(programme=programme)


@pytest.fixture
def shop(programme):
    return StoreFactory(programme=programme)


def close(programme, month=OCTOBER, now=NOVEMBER_2):
    return closing.close_month(programme=programme, month=month, staff=None, now=now)


def books(programme, until):
    return liability.books_at(programme=programme, until=until)


def in_full(programme, until):
    """Count from the first entry on, whatever is closed."""
    return liability.work_out(Span(programme, None, until))


def day(month, number, *, hour=9):
    """Return a moment of a summer's day, in Stockholm two hours later."""
    return datetime(2026, month, number, tzinfo=UTC) + timedelta(hours=hour)


def gift(member, points, at, key="gift", kind=Entry.Kind.GOODWILL):
    return post(member_id=member.pk, kind=kind, points=points, key=key, at=at, now=at)


class TestLateReceipts:
    """October is closed on 2 November; a receipt of 30 October arrives on the 10th."""

    @pytest.fixture
    def closed(self, programme, vera, shop):
        buy(vera, shop, line("1000.00"), now=OCTOBER_30)
        closed = close(programme)
        buy(vera, shop, line("600.00"), at=OCTOBER_30, now=NOVEMBER_10)
        return closed

    def test_leave_the_closed_month_as_it_was_written_down(self, programme, closed):
        october = books(programme, NOVEMBER_1)

        assert (october.total.issued, october.total.outstanding) == (1000, 1000)
        # 1,000 kr sold, and points worth 100 kr: 1,000 x 100 / 1,100.
        assert october.liability == closed.liability == Decimal("90.91")
        # And so it is when all is counted again.
        assert in_full(programme, NOVEMBER_1).cohorts == october.cohorts

    def test_are_booked_in_the_month_in_which_they_came(self, programme, closed):
        november = books(programme, DECEMBER_1)

        assert november.late == Late(entries=1, points=600)
        assert [(each.month, each.issued, each.sales) for each in november.cohorts] == [
            (OCTOBER, 1600, Decimal(1600))
        ]
        assert november.cohorts == in_full(programme, DECEMBER_1).cohorts
        # On the day before it came nobody knew of it.
        before = books(programme, NOVEMBER_10 - timedelta(days=1))
        assert (before.total.issued, before.late) == (1000, Late())

    def test_are_late_for_good_when_the_next_month_is_closed(self, programme, closed):
        kept = close(programme, NOVEMBER, DECEMBER_3)

        assert (kept.issued, kept.outstanding) == (1600, 1600)
        assert books(programme, NOVEMBER_1).total.issued == 1000
        assert books(programme, DECEMBER_1).late == Late(1, 600)

    def test_are_said_on_the_page_with_the_day_of_closing(
        self, closed, desk_client, olga
    ):
        client = desk_client(olga)

        with override("en"):
            page = client.get(reverse("points:liability"), {"until": "2026-10-31"})
            later = client.get(reverse("points:liability"), {"until": "2026-11-20"})

        assert page.context["closed_on"] == closed
        assert later.context["closed_on"] is None
        assert later.context["books"].late == Late(1, 600)

    def test_take_back_what_was_earned_in_the_closed_month(self, programme, vera, shop):
        bought = buy(vera, shop, line("600.00"), line("400.00"), now=OCTOBER_30)
        close(programme)
        buy(
            vera,
            shop,
            returned("400.00", number=2),
            original=bought,
            at=OCTOBER_30 + timedelta(hours=2),
            now=NOVEMBER_10,
        )

        october, november = (
            books(programme, each) for each in (NOVEMBER_1, DECEMBER_1)
        )

        assert (october.total.taken_back, october.total.sales) == (0, Decimal(1000))
        assert (november.total.taken_back, november.total.sales) == (400, Decimal(600))
        assert november.cohorts == in_full(programme, DECEMBER_1).cohorts


class TestClosing:
    def test_refuses_what_was_begun_before_it_and_is_written_after_it(
        self, programme, vera
    ):
        gift(vera, 10, OCTOBER_30)
        close(programme)

        with pytest.raises(DatabaseError, match="closed"), transaction.atomic():
            post(
                member_id=vera.pk,
                kind=Entry.Kind.EARN,
                points=5,
                key="slow",
                at=OCTOBER_30,
                now=NOVEMBER_2 - timedelta(seconds=1),
            )

    def test_takes_up_what_was_broken_off(self, programme, vera):
        gift(vera, 10, OCTOBER_30)
        begun = closing._begin(programme, OCTOBER, None, NOVEMBER_2)
        # The machine stopped here; what comes now is November's all the same.
        assert closing.next_month(programme) == OCTOBER
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=5,
            key="late",
            at=OCTOBER_30,
            now=NOVEMBER_10,
        )

        closed = close(programme, now=NOVEMBER_10 + timedelta(hours=1))

        assert (closed.pk, closed.closed_at, closed.issued) == (
            begun.pk,
            NOVEMBER_2,
            10,
        )
        assert closing.next_month(programme) == NOVEMBER

    def test_counts_what_pays_an_old_debt_when_it_pays(self, programme, vera):
        """A debt of October is paid in November, by points that were reserved."""
        earned = gift(vera, 100, OCTOBER_30, "first", Entry.Kind.EARN)
        held = reserve(
            member_id=vera.pk,
            points=40,
            key="basket",
            now=OCTOBER_30,
            expires_at=NOVEMBER_10,
        )
        post(
            member_id=vera.pk,
            kind=Entry.Kind.REVERSE,
            points=-100,
            key="return",
            at=OCTOBER_30,
            now=OCTOBER_30,
            reverses_id=earned.entry_id,
        )
        october = close(programme)
        release(reservation=held, now=NOVEMBER_2)

        after = books(programme, DECEMBER_1)

        assert (october.outstanding, october.figures["owed_by_members"]) == (40, 40)
        assert (after.total.outstanding, after.owed_by_members) == (0, 0)
        assert books(programme, NOVEMBER_1).owed_by_members == 40

    def test_adds_up_month_by_month_to_what_is_booked(self, programme, vera, shop):
        for month in (8, 9, 10, 11):
            bought = datetime(2026, month, 10, 12, tzinfo=UTC)
            buy(vera, shop, line("500.00"), now=bought)
            post(
                member_id=vera.pk,
                kind=Entry.Kind.SPEND,
                points=-120,
                key=f"spend {month}",
                at=bought,
                now=bought,
            )
            closing.close_month(
                programme=programme,
                month=date(2026, month, 1),
                staff=None,
                now=bought + timedelta(days=25),
            )

        summed, counted = books(programme, DECEMBER_3), in_full(programme, DECEMBER_3)

        assert summed.cohorts == counted.cohorts
        assert summed.expiring == counted.expiring
        assert summed.total.outstanding == Account.objects.get(member=vera).balance


@pytest.mark.django_db(transaction=True)
class TestClosingWhileTillsPost:
    def post_while_closing(self, programme, member):
        """Post 30 points of October, and close it before that is committed."""
        posted, go_on, outcome = Signal(), Signal(), []

        def till():
            try:
                with transaction.atomic():
                    post(
                        member_id=member.pk,
                        kind=Entry.Kind.EARN,
                        points=30,
                        key="slow till",
                        at=OCTOBER_30,
                        now=NOVEMBER_2 - timedelta(seconds=1),
                    )
                    posted.set()
                    go_on.wait(timeout=10)
            finally:
                connections.close_all()

        def office():
            try:
                outcome.append(close(programme))
            finally:
                connections.close_all()

        threads = [Thread(target=till), Thread(target=office)]
        threads[0].start()
        posted.wait(timeout=10)
        threads[1].start()
        # Long enough for who does not wait to be done.
        threads[1].join(timeout=0.7)
        go_on.set()
        for thread in threads:
            thread.join(timeout=20)
        return outcome[0]

    def test_counts_what_was_being_posted(self, programme, vera):
        gift(vera, 10, OCTOBER_30)

        closed = self.post_while_closing(programme, vera)

        assert closed.issued == 40
        assert in_full(programme, NOVEMBER_1).total.issued == 40

    def test_would_miss_it_without_the_lock(self, programme, vera, monkeypatch):
        """The race is there: the books would say another thing than what was closed."""
        monkeypatch.setattr(closing, "_LOCK", "SELECT %s::bigint")
        gift(vera, 10, OCTOBER_30)

        closed = self.post_while_closing(programme, vera)

        assert closed.issued == 10
        assert in_full(programme, NOVEMBER_1).total.issued == 40


class TestPointsWithoutSales:
    """A gift of 5,000 points is worth 500 kr, however little was sold in the month."""

    def test_are_owed_at_what_they_will_cost(self, programme, vera, shop):
        buy(vera, shop, line("1000.00"), now=OCTOBER_30)
        gift(vera, 5000, OCTOBER_30)

        bought, given = books(programme, NOVEMBER_1).cohorts

        assert (bought.by_receipt, bought.issued, bought.liability) == (
            True,
            1000,
            Decimal("90.91"),
        )
        assert (given.by_receipt, given.issued, given.liability) == (
            False,
            5000,
            Decimal("500.00"),
        )

    def test_are_owed_as_far_as_they_are_expected_to_be_used(self, programme, vera):
        gift(vera, 5000, OCTOBER_30, kind=Entry.Kind.IMPORT)
        closing.write_assumption(
            programme=programme,
            valid_from=OCTOBER,
            used_share=Decimal(80),
            because="Four fifths were used in 2025.",
            staff=StaffFactory(programme=programme),
            now=OCTOBER_30,
        )

        assert books(programme, NOVEMBER_1).liability == Decimal("400.00")


class TestPointsThatCameBack:
    """They lapse at the end of July; a till sends what was bought on 20 July later."""

    @pytest.fixture
    def lapsed(self, programme, vera, shop):
        """Give a till that was offline: 100 points that lapsed, and 40 that lasted."""
        EarningRuleFactory(
            programme=programme,
            published=True,
            starts_at=datetime(2026, 1, 1, tzinfo=UTC),
            terms=reading.dump(Terms(expiry=ExpiryKind.INACTIVITY)),
            expires_after_months=2,
        )
        buy(vera, shop, line("100.00"), now=day(5, 10))
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-30,
            key="used",
            at=day(5, 20),
            now=day(5, 20),
        )
        expire_points(now=day(8, 1))
        (cohort,) = books(programme, day(9, 1, hour=-2)).cohorts
        assert (cohort.used, cohort.expired) == (30, 70)
        return vera

    def counted(self, programme, until):
        return [
            (each.month.month, each.issued, each.used, each.expired, each.outstanding)
            for each in books(programme, until).cohorts
        ]

    @pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
    def test_never_expired_and_were_not_given_back(
        self, programme, shop, lapsed, is_closed
    ):
        if is_closed:
            for month in (5, 6, 7, 8):
                close(programme, date(2026, month, 1), day(9, 1))

        buy(lapsed, shop, line("50.00"), now=day(9, 3), at=day(7, 20))

        until = day(10, 1, hour=-2)
        assert self.counted(programme, until) == [
            (5, 100, 30, 0, 70),
            (7, 50, 0, 0, 50),
        ]
        assert books(programme, until).cohorts == in_full(programme, until).cohorts
        total = books(programme, until).total
        assert total.issued - total.used - total.expired == total.outstanding == 120

    def test_are_told_to_the_member_as_never_expired(self, programme, shop, lapsed):
        buy(lapsed, shop, line("50.00"), now=day(9, 3), at=day(7, 20))

        totals = selectors.summarize_totals(lapsed)

        assert (totals["earned"], totals["used"], totals["expired"]) == (150, 30, 0)


class TestExpectedExpiry:
    def test_follows_the_assumption_on_breakage(self, programme, vera):
        post(
            member_id=vera.pk,
            kind=Entry.Kind.EARN,
            points=1000,
            key="lapses",
            at=OCTOBER_30,
            now=OCTOBER_30,
            expires_at=DECEMBER_1,
        )
        gift(vera, 50, OCTOBER_30)
        closing.write_assumption(
            programme=programme,
            valid_from=OCTOBER,
            used_share=Decimal(80),
            because="Four fifths were used in 2025.",
            staff=StaffFactory(programme=programme),
            now=OCTOBER_30,
        )

        assert [
            (each.month, each.points, each.expected)
            for each in books(programme, NOVEMBER_1).expiring
        ] == [(NOVEMBER, 1000, 200), (None, 50, 0)]


class TestCost:
    """What is closed is not read again: months are added up once."""

    @pytest.fixture
    def large(self, db):
        """Have plans made as for a long ledger: neither read whole nor one by one."""
        with connection.cursor() as cursor:
            for way in ("seqscan", "indexscan", "nestloop"):
                cursor.execute(f"SET LOCAL enable_{way} = off")

    def plan(self, query, values):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query}", values)
            return "\n".join(row[0] for row in cursor.fetchall())

    def test_reads_the_entries_since_the_closing_by_time(
        self, programme, vera, large, monkeypatch
    ):
        gift(vera, 10, OCTOBER_30)
        closed = close(programme)
        asked = []
        monkeypatch.setattr(
            counting, "_rows", lambda query, _span: asked.append(query) or []
        )
        counting.count(Span(programme, closed, DECEMBER_1))
        (query,) = asked

        plan = self.plan(
            query,
            {
                "programme": programme.pk,
                "zone": "Europe/Stockholm",
                "since": NOVEMBER_1,
                "until": DECEMBER_1,
                "uses_since": 0,
                "uses_until": None,
            },
        )

        assert "Bitmap Index Scan on entry_by_time" in plan

    def test_reads_the_figures_of_the_programme_by_time(self, programme, vera, large):
        gift(vera, 10, OCTOBER_30, kind=Entry.Kind.EARN)
        recent = Entry.objects.filter(
            member__programme=programme,
            kind=Entry.Kind.EARN,
            at__gt=NOVEMBER_1 - versions.FIGURES_OVER,
            at__lte=NOVEMBER_1,
        )

        assert "entry_by_time" in recent.explain()
        assert versions.summarize(programme, NOVEMBER_1).issued == 10

    def test_looks_at_no_entry_of_a_club_that_has_none(
        self, programme, django_assert_num_queries
    ):
        with django_assert_num_queries(2):
            assert closing.next_month(programme) is None

    def test_shows_a_closed_month_without_counting(
        self, programme, vera, django_assert_num_queries
    ):
        gift(vera, 10, OCTOBER_30)
        close(programme)

        with django_assert_num_queries(1):
            assert books(programme, NOVEMBER_1).total.issued == 10
        assert ClosedMonth.objects.get().figures is not None
