"""A text changes: a marketer writes, the officer publishes, a member says no."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from consent.models import Edition, Renewal
from consent.selectors import find_permission
from portal.cookies import SESSION_COOKIE
from stores.roles import Role
from tests.e2e.conftest import in_one_language
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.portal import signed_in
from tests.factories.stores import StaffFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ADDED = {
    "sv": "Ibland handlar det om våra kurser.",
    "da": "Det handler nogle gange om vores kurser.",
    "en": "Sometimes it is about our courses.",
}


@pytest.fixture
def enter(page, live_server):
    """Let somebody sit down at the browser, by their session."""

    def sit_down(name, value):
        page.context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url}]
        )

    def staff(person):
        client = Client()
        client.force_login(
            person, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        sit_down("session", client.cookies["session"].value)

    def member(person):
        client = signed_in(person, now=datetime.now(UTC))
        sit_down(SESSION_COOKIE, client.cookies[SESSION_COOKIE].value)

    staff.member = member
    return staff


@in_one_language
class TestATextThatChanges:
    def test_is_written_published_and_answered(
        self, page, club, live_server, language, say, speak, watch, enter, mia
    ):
        dora = StaffFactory(programme=club, role=Role.DATA_PROTECTION_OFFICER)
        member = MemberFactory(programme=club, language=language)
        answer(member, "GIVEN", at=datetime.now(UTC) - timedelta(days=99))
        text = (
            f"{live_server.url}{reverse('privacy:text-detail', args=['marketing-sms'])}"
        )

        speak(language=language)
        enter(mia)
        page.goto(text)
        page.get_by_role("button", name=say("Write a new edition")).click()
        self.write(page, say)
        page.wait_for_load_state("networkidle")
        watch.look()
        page.get_by_role("button", name=say("Send for review")).click()
        page.wait_for_load_state("networkidle")
        edition = Edition.objects.get(number=2)
        assert edition.state == Edition.State.REVIEW

        enter(dora)
        page.goto(text)
        page.get_by_role("link", name=say("Review"), exact=True).click()
        page.get_by_role("link", name=say("Publish…")).click()
        watch.look()
        page.get_by_role("button", name=say("Publish"), exact=True).click()
        page.wait_for_url("**/texts/marketing-sms/")
        assert Renewal.objects.get().member == member

        enter.member(member)
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{live_server.url}/me/")
        notice = say("We have changed something you agreed to")
        page.get_by_role("link", name=notice).click()
        expect(page.get_by_text(f"Nytt på {language}")).to_be_visible()
        watch.look()
        page.locator("button[name=answer][value=no]").click()
        expect(page.get_by_text(say("Nothing to answer"))).to_be_visible()

        entry = find_permission(member, purpose="MARKETING", channel="SMS")
        assert (entry.action, Renewal.objects.get().outcome) == ("WITHDRAWN", "NO")

    def write(self, page, say):
        """Add a paragraph in every language, and ask who said yes before again."""
        for language, words in ADDED.items():
            # The dot is drawn by its label.
            page.locator(f"#tab-{language}").check(force=True)
            body = page.locator(f"#id_body_{language}")
            body.fill(f"{body.input_value()}\n\n{words}")
            page.locator(f"#id_news_{language}").fill(f"Nytt på {language}")
            expect(
                page.locator(f"#draft-check .lang--{language}").get_by_text(words)
            ).to_be_visible()
        # The last look at it, so that none is cut off by going on.
        with page.expect_response("**/preview/"):
            page.get_by_label(say("Changes what members agreed to")).check(force=True)
