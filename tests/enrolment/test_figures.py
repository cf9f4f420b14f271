"""Figures that stores compete on: finished, not begun, and nobody named."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from enrolment import figures
from enrolment.models import Registration
from members.models import Member
from stores.roles import Role
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory, StoreFactory

pytestmark = pytest.mark.django_db

# A Wednesday noon in Stockholm.
NOW = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Outcome, Way = Registration.Outcome, Registration.Way


def began(programme, *, at, took=None, erased=False, **fields):
    """A registration that began at a moment, and perhaps ended."""
    member = MemberFactory(
        programme=programme, pending=took is None, erased=erased and took is not None
    )
    outcome = Outcome.OPEN
    if took is not None:
        outcome = Outcome.ERASED if erased else Outcome.FINISHED
    return Registration.objects.create(
        **{
            "programme": programme,
            "member": member,
            "way": Way.TILL,
            "started_at": at,
            "outcome": outcome,
            "ended_at": None if took is None else at + took,
            **fields,
        }
    )


def minutes(number):
    return timedelta(minutes=number)


@pytest.fixture
def busy(programme, store, other_store, carl, otto):
    """Three finished here (two by Carl), one elsewhere, one waiting, one given up."""
    began(programme, at=NOW - DAY, took=minutes(2), store=store, staff=carl)
    began(programme, at=NOW - 2 * DAY, took=minutes(4), store=store, staff=carl)
    began(
        programme,
        at=NOW - 2 * DAY,
        took=minutes(60),
        store=store,
        way=Way.POSTER,
        placement="entrance",
        is_return=True,
    )
    began(programme, at=NOW - DAY, took=minutes(3), store=other_store, staff=otto)
    began(programme, at=NOW - DAY, store=store, staff=carl)
    began(
        programme, at=NOW - 6 * DAY, took=5 * DAY, erased=True, store=store, staff=carl
    )
    # What does not count: an import, and somebody before the period.
    began(programme, at=NOW - DAY, took=minutes(0), way=Way.IMPORT, store=store)
    began(programme, at=NOW - 60 * DAY, took=minutes(1), store=store, staff=carl)
    # Another club.
    began(ProgrammeFactory(), at=NOW - DAY, took=minutes(1))


def summarize(programme, *, days=7, store_ids=None):
    return figures.summarize(
        programme=programme, store_ids=store_ids, days=days, now=NOW
    )


class TestSummarize:
    def test_counts_what_was_finished(self, programme, busy):
        total = summarize(programme).total

        assert (total.finished, total.returned, total.waiting) == (4, 1, 1)
        assert (total.started, total.started_finished) == (6, 4)
        assert total.share == pytest.approx(4 / 6)
        assert total.median == timedelta(minutes=3.5)

    def test_counts_a_return_that_was_given_up_as_begun(self, programme, store):
        began(
            programme,
            at=NOW - 6 * DAY,
            took=5 * DAY,
            store=store,
            is_return=True,
            outcome=Outcome.LAPSED,
        )

        total = summarize(programme).total

        assert (total.started, total.finished, total.returned) == (1, 0, 0)
        assert (total.waiting, total.share) == (0, 0)

    def test_counts_by_store_with_every_open_store(
        self, programme, busy, store, other_store
    ):
        idle = StoreFactory(programme=programme, name="Arvika")
        StoreFactory(programme=programme, name="Stängt", is_active=False)

        rows = summarize(programme).stores

        assert [(row.store, row.figures.finished) for row in rows] == [
            (store, 3),
            (other_store, 1),
            (idle, 0),
        ]

    def test_counts_by_person_and_store(self, programme, busy, carl, otto):
        rows = summarize(programme).people

        assert [(row.staff, row.figures.finished) for row in rows] == [
            (carl, 2),
            (otto, 1),
        ]
        assert rows[0].figures.waiting == 1

    def test_counts_by_way_and_placement(self, programme, busy):
        rows = summarize(programme).ways

        assert {(row.way, row.placement): row.figures.finished for row in rows} == {
            ("TILL", ""): 3,
            ("POSTER", "entrance"): 1,
        }

    def test_counts_by_day_of_the_clubs_clock(self, programme, store):
        # Half past midnight in Stockholm is the evening before in UTC.
        began(
            programme,
            at=datetime(2026, 3, 2, 23, 20, tzinfo=UTC),
            took=minutes(10),
            store=store,
        )

        days = dict(summarize(programme).days)

        assert len(days) == 7
        assert {day.isoformat() for day, count in days.items() if count} == {
            "2026-03-03"
        }

    def test_shows_what_began_at_home_to_the_chain_only(self, programme, store):
        began(programme, at=NOW - DAY, took=minutes(1), way=Way.WEB)

        assert [row.store for row in summarize(programme).stores] == [None, store]
        own = summarize(programme, store_ids={store.pk})
        assert own.total.finished == 0

    def test_keeps_to_the_stores_of_the_viewer(self, programme, busy, other_store):
        own = summarize(programme, store_ids={other_store.pk})

        assert own.total.finished == 1
        assert [row.store for row in own.stores] == [other_store]
        assert len(own.people) == 1

    def test_does_not_wait_for_who_was_merged_or_blocked(self, programme, store):
        for status in (Member.Status.BLOCKED, Member.Status.ACTIVE):
            row = began(programme, at=NOW - DAY, store=store)
            Member.objects.filter(pk=row.member_id).update(
                status=status, activated_at=NOW
            )

        assert summarize(programme).total.waiting == 0

    def test_says_nothing_of_nothing(self, programme, store):
        total = summarize(programme).total

        assert (total.finished, total.share, total.median) == (0, None, None)

    def test_costs_the_same_however_much_there_is(
        self, programme, busy, django_assert_max_num_queries
    ):
        for _more in range(8):
            shop = StoreFactory(programme=programme)
            began(
                programme,
                at=NOW - DAY,
                took=minutes(1),
                store=shop,
                staff=StaffFactory(programme=programme, role=Role.ANALYST),
            )

        with django_assert_max_num_queries(8):
            summarize(programme)


class TestFinished:
    def test_counts_this_week_here_and_mine_and_the_best(
        self, programme, busy, store, other_store, carl
    ):
        # Monday to Wednesday: two of Carl's, and the poster's.
        week = figures.finished(store=store, staff=carl, now=NOW)

        assert (week.here, week.mine) == (3, 2)
        assert (week.best_store, week.best, week.is_best) == (store.name, 3, True)

    def test_shows_who_is_ahead(self, programme, busy, store, other_store, otto):
        week = figures.finished(store=other_store, staff=otto, now=NOW)

        assert (week.here, week.mine, week.best_store, week.best) == (
            1,
            1,
            store.name,
            3,
        )
        assert not week.is_best

    def test_begins_anew_on_monday_of_the_clubs_clock(self, programme, store, carl):
        # 23:30 UTC on Sunday is half past midnight on Monday in Stockholm.
        began(
            programme,
            at=datetime(2026, 3, 1, 23, 20, tzinfo=UTC),
            took=minutes(10),
            store=store,
            staff=carl,
        )
        began(
            programme,
            at=datetime(2026, 3, 1, 22, 0, tzinfo=UTC),
            took=minutes(10),
            store=store,
            staff=carl,
        )

        assert figures.finished(store=store, staff=carl, now=NOW).mine == 1

    def test_is_nothing_in_a_new_week(self, store):
        week = figures.finished(store=store, staff=None, now=NOW)

        assert (week.here, week.mine, week.best_store, week.best) == (0, 0, "", 0)
        assert not week.is_best

    def test_is_one_question(self, busy, store, carl, django_assert_num_queries):
        assert store.programme.name
        with django_assert_num_queries(1):
            figures.finished(store=store, staff=carl, now=NOW)


class TestThePage:
    @pytest.fixture(autouse=True)
    def _then(self, time_machine):
        time_machine.move_to(NOW)

    def url(self):
        return reverse("enrolment:registrations")

    def test_shows_the_figures(self, desk_client, mia, busy, store):
        page = desk_client(mia).get(self.url(), {"period": "7"})

        html = page.content.decode()
        assert page.context["total"].finished == 4
        assert store.name in html
        assert "Carl Ek" in html
        assert "entrance" in html

    def test_names_no_member(self, desk_client, mia, busy):
        html = desk_client(mia).get(self.url()).content.decode()
        rows = b"".join(
            desk_client(mia).get(self.url(), {"format": "csv"}).streaming_content
        )

        for member in Member.objects.exclude(phone=""):
            for secret in (member.phone, member.number, str(member.public_id)):
                assert secret not in html
                assert secret.encode() not in rows
        assert "Lindqvist" not in html

    def test_gives_the_same_as_a_file(self, desk_client, mia, busy, store):
        answer = desk_client(mia).get(self.url(), {"period": "7", "format": "csv"})

        rows = b"".join(answer.streaming_content).decode().splitlines()
        assert answer["Content-Type"].startswith("text/csv")
        assert any(store.name in row and "3" in row for row in rows)
        assert any("Carl Ek" in row for row in rows)

    def test_shows_a_manager_the_own_store(self, desk_client, otto, busy, store):
        html = desk_client(otto).get(self.url()).content.decode()

        assert "Lund" in html
        assert "Carl Ek" not in html
        assert store.name not in html

    def test_offers_posters_to_who_makes_them(
        self, desk_client, mia, programme, busy, store
    ):
        analyst = StaffFactory(programme=programme, role=Role.ANALYST)
        poster = reverse("enrolment:poster", args=[store.public_id])

        assert poster in desk_client(mia).get(self.url()).content.decode()
        assert poster not in desk_client(analyst).get(self.url()).content.decode()

    @pytest.mark.parametrize("period", ["", "7", "30", "90", "x", "9999"])
    def test_bears_any_period(self, desk_client, mia, busy, period):
        page = desk_client(mia).get(self.url(), {"period": period})

        assert page.status_code == 200

    def test_is_there_for_a_new_club(self, desk_client, mia, programme):
        assert desk_client(mia).get(self.url()).context["is_empty"]

    def test_costs_few_queries(
        self, desk_client, mia, busy, django_assert_max_num_queries
    ):
        client = desk_client(mia)
        with django_assert_max_num_queries(20):
            client.get(self.url())
