"""Choices in a browser: by the link in a message, and in the portal."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from consent import contact
from consent.models import MESSAGE_CHANNELS, Channel, Topic
from consent.selectors import has_objected, permissions_of
from consent.services import YES
from messaging import unsubscribe
from portal.cookies import SESSION_COOKIE
from portal.services import open_session
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue
from tests.factories.preferences import permit, topic

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

FOLDER = Path(settings.VAR_DIR) / "screens"
PHONE = {"width": 390, "height": 844}
MOST_TAPS = 2


@pytest.fixture
def vera(club, store):
    member = MemberFactory(
        programme=club, first_name="Vera", email="vera@example.se", home_store=store
    )
    for channel in MESSAGE_CHANNELS:
        permit(member, channel=channel)
    return member


def photograph(page, name):
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


def yes_of(member):
    return {key for key, each in permissions_of(member).items() if each.action in YES}


class TestByTheLink:
    @pytest.fixture(params=["sv", "da", "en"])
    def language(self, request):
        return request.param

    def test_a_yes_is_taken_back_in_two_taps(
        self, page, watch, live_server, vera, say, language
    ):
        vera.language = language
        vera.save()
        message = queue(vera, now=datetime.now(UTC), channel=Channel.EMAIL)
        page.set_viewport_size(PHONE)
        taps = []

        def tap(control):
            taps.append(control)
            control.click()

        # Nobody is signed in: the link is all there is.
        page.goto(unsubscribe.choices_url(message))
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("h1")).to_have_text(say("My choices"))
        watch.look()
        photograph(page, f"preferences-link.phone.{language}")
        tap(page.locator("#yes_marketing_email"))
        tap(page.get_by_role("button", name=say("Save my choices")))

        expect(page.locator("#yes_marketing_email")).not_to_be_checked()
        assert len(taps) <= MOST_TAPS
        assert yes_of(vera) == {("MARKETING", "SMS")}
        watch.look()

        taps.clear()
        tap(page.get_by_role("button", name=say("Stop everything")))
        expect(page.locator("#yes_marketing_sms")).not_to_be_checked()
        assert len(taps) <= MOST_TAPS
        assert not yes_of(vera)
        photograph(page, f"preferences-link-stopped.phone.{language}")


class TestInThePortal:
    def test_topics_a_pause_and_an_objection_are_kept(
        self, page, watch, live_server, vera, speak
    ):
        jackets = topic(vera.programme, "Jackor")
        nuts = topic(vera.programme, "Nuts", kind=Topic.Kind.DIET, position=2)
        speak(language="en")
        opened = open_session(
            member=vera, channel=Channel.SMS, device="Chrome", now=datetime.now(UTC)
        )
        page.context.add_cookies(
            [{"name": SESSION_COOKIE, "value": opened.key, "url": live_server.url}]
        )
        page.set_viewport_size(PHONE)
        page.goto(f"{live_server.url}/me/choices/")
        watch.look()

        jackor = page.get_by_role("group", name="Jackor en")
        jackor.get_by_role("radio", name="Not for me").check()
        page.get_by_role("switch", name="Nuts en").click()
        page.get_by_role("radio", name="Until a day that I choose").check()
        photograph(page, "preferences-portal.phone.en")
        page.get_by_role("button", name="Save my choices").click()
        # Without the day it is asked for, and the rest stays as it was chosen.
        expect(page.get_by_text("Choose the day that the pause ends.")).to_be_visible()
        expect(page.get_by_role("switch", name="Nuts en")).to_be_checked()
        watch.look()
        page.get_by_role("radio", name="2 weeks").check()
        page.get_by_role("button", name="Save my choices").click()

        expect(page.get_by_text("We leave you alone until")).to_be_visible()
        assert dict(contact.topics_of(vera)) == {jackets: "UNWANTED", nuts: "UNWANTED"}
        assert contact.preference_of(vera).snoozed_until > datetime.now(UTC)

        page.get_by_role("button", name="No marketing and no profiling at all").click()
        expect(page.locator("#yes_marketing_sms")).to_have_count(0)
        watch.look()
        assert has_objected(vera)
        assert not yes_of(vera)
