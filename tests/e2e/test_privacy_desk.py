"""The data-protection officer asks what allowed a message, and the desk answers."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from consent.models import ConsentEntry
from messaging.models import Message
from stores.roles import Role
from tests.e2e.test_screens import enter_session
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue
from tests.factories.stores import StaffFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def officer(club, page, live_server):
    staff = StaffFactory(programme=club, role=Role.DATA_PROTECTION_OFFICER)
    client = Client()
    client.force_login(
        staff, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    enter_session(page, live_server.url, client)
    return staff


@pytest.fixture
def letters(club):
    """Something that the member allowed, something they did not, and service."""
    now = datetime.now(UTC)
    member = MemberFactory(programme=club, first_name="Siv", last_name="Gran")
    yes = answer(member, ConsentEntry.Action.GIVEN, at=now - timedelta(days=9))

    def advert(key, **fields):
        return Message.objects.create(
            programme=club,
            member=member,
            channel="SMS",
            message_class="MARKETING",
            kind="autumn_offer",
            language="sv",
            address=member.phone,
            body="Höstrea till söndag.",
            dedupe_key=key,
            queued_at=now,
            send_after=now,
            **fields,
        )

    advert(
        "allowed",
        state="SENT",
        sent_at=now,
        gate={"code": "consent_given", "entry_id": yes.pk},
    )
    advert(
        "stopped",
        state="STOPPED",
        error="own_budget",
        gate={"code": "own_budget", "entry_id": yes.pk},
    )
    queue(member, now=now)
    return yes


class TestTheOfficer:
    def test_sees_what_allowed_any_past_message(
        self, page, watch, live_server, speak, officer, letters
    ):
        speak(language="en")
        page.goto(f"{live_server.url}{reverse('privacy:overview')}")
        expect(page.locator("#message-desk-stops-panel")).to_contain_text("own limit")
        page.wait_for_load_state("networkidle")
        watch.look()

        page.get_by_role("link", name="Messages", exact=True).click()
        page.get_by_role("searchbox").fill("Siv Gran")
        page.wait_for_url("**q=Siv%20Gran**")
        watch.look()
        row = page.get_by_role("row").filter(has_text="Autumn offer")
        row.filter(has_text="The member's consent").get_by_role("link").first.click()
        proof = page.locator("#proof")
        expect(proof).to_contain_text("The member had said yes")
        expect(proof).to_contain_text("får skicka mig")
        expect(proof).to_contain_text(bytes(letters.text.text_hash).hex())
        expect(proof).to_contain_text(str(letters.public_id))
        watch.look()

        page.go_back()
        row.filter(has_text="own limit").get_by_role("link").first.click()
        expect(proof).to_contain_text("wished for no more messages")

        page.go_back()
        welcome = page.get_by_role("row").filter(has_text="Welcome")
        welcome.get_by_role("link").first.click()
        expect(proof).to_contain_text("No permission needed")

    def test_finds_every_page_in_order(
        self, page, watch, live_server, officer, letters
    ):
        for name in (
            "privacy:consent-rates",
            "privacy:could-have",
            "privacy:look-list",
            "privacy:breach-add",
            "message-desk:stop-list",
            "message-desk:withdrawal-list",
        ):
            page.goto(f"{live_server.url}{reverse(name)}")
            watch.look()
