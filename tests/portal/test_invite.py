"""A member's visits, and the link by which they bring others."""

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.db import connection

from members.models import Event
from points.actions import referrals
from points.models import Referral, ReferralCode
from portal.services.visits import note_visit
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db


def visits(member):
    return Event.objects.filter(member=member, kind="portal.visited").count()


class TestVisit:
    def test_is_noted_once_a_day_of_the_club(self, vera):
        for at in (
            datetime(2026, 3, 14, 8, 0, tzinfo=UTC),
            datetime(2026, 3, 14, 22, 59, tzinfo=UTC),
            # Midnight in Stockholm.
            datetime(2026, 3, 14, 23, 0, tzinfo=UTC),
        ):
            note_visit(member=vera, now=at)

        assert visits(vera) == 2

    def test_is_noted_when_the_first_page_is_opened(self, as_vera, vera):
        for _time in range(3):
            assert as_vera.get("/me/").status_code == 200
        as_vera.get("/me/profile/")

        assert visits(vera) == 1

    @pytest.mark.parametrize(
        "headers",
        [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}],
        ids=["sec-purpose", "purpose"],
    )
    def test_is_none_where_nobody_looks(self, as_vera, vera, headers):
        """A browser fetches what may be opened next; visits may give points."""
        assert as_vera.head("/me/").status_code == 200
        assert as_vera.get("/me/", headers=headers).status_code == 200

        assert visits(vera) == 0

    def test_stands_on_no_page_of_the_member(self, as_vera, vera):
        as_vera.get("/me/")

        shown = as_vera.get("/me/timeline/").content.decode()

        assert "device-mobile" not in shown.split("<main")[1]

    @pytest.mark.django_db(transaction=True)
    def test_is_one_for_two_pages_opened_at_once(self, programme):
        member = MemberFactory(programme=programme)
        now = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)
        barrier = Barrier(2)

        def one():
            try:
                barrier.wait(10)
                note_visit(member=member, now=now)
            finally:
                connection.close()

        threads = [Thread(target=one) for _page in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        assert visits(member) == 1


class TestInvite:
    def test_makes_the_link_when_it_is_asked_for_and_not_before(self, as_vera, vera):
        before = as_vera.get("/me/invite/").content.decode()
        assert not ReferralCode.objects.exists()
        assert "/join/?friend=" not in before

        for _time in range(2):
            assert as_vera.post("/me/invite/").status_code == 302

        code = ReferralCode.objects.get(member=vera).code
        after = as_vera.get("/me/invite/").content.decode()
        assert f"/join/?friend={code}" in after

    def test_says_how_many_came_and_not_who(self, as_vera, vera, bo):
        bo.first_name = "Torbjörn"
        bo.save()
        referrals.make_code(member=vera, now=datetime.now(UTC))
        Referral.objects.create(referrer=vera, invited=bo, joined_at=datetime.now(UTC))

        shown = as_vera.get("/me/invite/").content.decode()

        assert "user-plus" in shown
        assert "Torbjörn" not in shown
        assert bo.number not in shown

    def test_is_found_on_the_member_s_own_page(self, as_vera):
        assert 'href="/me/invite/"' in as_vera.get("/me/profile/").content.decode()
