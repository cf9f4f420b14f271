"""Permissions on the member's page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from consent.models import Channel, ConsentEntry, Purpose
from consent.selectors import permissions_of
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def member(programme, now):
    member = MemberFactory(programme=programme)
    answer(member, ConsentEntry.Action.GIVEN, at=now)
    return member


@pytest.fixture
def clara(programme):
    """Customer service."""
    return StaffFactory(programme=programme, role=Role.CUSTOMER_SERVICE)


def panel_of(member):
    return reverse("consent:permissions-panel", args=[member.public_id])


def withdraw(client, member, channel=Channel.SMS, **headers):
    return client.post(
        reverse("consent:permission-withdraw", args=[member.public_id]),
        {"purpose": Purpose.MARKETING, "channel": channel},
        **headers,
    )


class TestPermissionsPanel:
    def test_stands_on_the_members_page(self, desk_client, mia, member):
        page = desk_client(mia).get(
            reverse("members:member-detail", args=[member.public_id])
        )

        assert panel_of(member) in page.content.decode()

    def test_tells_yes_from_never_asked(self, desk_client, mia, member):
        page = desk_client(mia).get(panel_of(member), headers=HTMX)

        given = {
            permission.channel: permission.is_given
            for permission in page.context["permissions"]
        }
        assert given == {"SMS": True, "EMAIL": False}
        assert "<html" not in page.content.decode()

    def test_shows_the_words_that_were_agreed_to(self, desk_client, mia, member):
        page = desk_client(mia).get(panel_of(member), headers=HTMX)

        assert "Ljung &amp; Dal AB får skicka mig" in page.content.decode()

    def test_is_a_page_without_htmx(self, desk_client, mia, member):
        page = desk_client(mia).get(panel_of(member)).content.decode()

        assert "<html" in page
        assert 'id="consent-permissions-panel"' in page

    def test_offers_the_way_back_only_to_who_may(self, desk_client, mia, clara, member):
        url = reverse("consent:permission-withdraw", args=[member.public_id])

        pages = {
            staff.email: desk_client(staff).get(panel_of(member)).content.decode()
            for staff in (mia, clara)
        }

        assert url not in pages[mia.email]
        assert url in pages[clara.email]

    def test_knows_no_member_of_another_club(self, desk_client, mia):
        stranger = MemberFactory(programme=ProgrammeFactory(name="Andra"))

        assert desk_client(mia).get(panel_of(stranger)).status_code == 404

    def test_asks_the_database_little(
        self, desk_client, mia, member, now, django_assert_max_num_queries
    ):
        for minute in range(1, 30):
            answer(
                member, ConsentEntry.Action.GIVEN, at=now + timedelta(minutes=minute)
            )
        client = desk_client(mia)

        with django_assert_max_num_queries(14):
            client.get(panel_of(member), headers=HTMX)


class TestPermissionWithdraw:
    def test_stops_at_once_and_says_who_did_it(self, desk_client, clara, member):
        page = withdraw(desk_client(clara), member, headers=HTMX)

        assert page.status_code == 200
        entry = permissions_of(member)["MARKETING", "SMS"]
        assert (entry.action, entry.source) == ("WITHDRAWN", "STAFF")
        assert entry.actor == str(clara.public_id)
        written = AuditEntry.objects.get(action="consent.withdrawn")
        assert (written.member_id, written.actor_id) == (
            member.public_id,
            clara.public_id,
        )

    def test_leads_back_to_the_member_without_htmx(self, desk_client, clara, member):
        answered = withdraw(desk_client(clara), member)

        assert answered.url == reverse("members:member-detail", args=[member.public_id])

    def test_happens_once(self, desk_client, clara, member):
        client = desk_client(clara)
        withdraw(client, member)
        withdraw(client, member)

        assert ConsentEntry.objects.filter(action="WITHDRAWN").count() == 1

    def test_leaves_a_no_alone(self, desk_client, clara, member):
        withdraw(desk_client(clara), member, Channel.EMAIL)

        assert ("MARKETING", "EMAIL") not in permissions_of(member)

    def test_refuses_an_unknown_channel(self, desk_client, clara, member):
        assert withdraw(desk_client(clara), member, "PIGEON").status_code == 400

    def test_is_not_for_marketers(self, desk_client, mia, member):
        assert withdraw(desk_client(mia), member).status_code == 403
