"""From a poster and from the web to points on one's own pages."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from enrolment.models import Registration
from enrolment.posters import poster_for
from members.models import Member
from tests.e2e.conftest import in_one_language
from tests.e2e.pages import JoinPage, PhonePage
from tests.e2e.test_first_purchase import receipt
from tests.factories.purchases import TillClient

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "0701740605"


class BeginPage:
    """Where anybody begins, with a mobile number."""

    def __init__(self, page, say) -> None:
        self.page, self.say = page, say

    def ask(self, number: str) -> None:
        self.page.get_by_label(self.say("Mobile number")).fill(number)
        self.page.get_by_role("button", name=self.say("Send me the link")).click()


class TestWaysIn:
    def test_lead_from_a_poster_to_points_at_home(
        self, page, watch, live_server, club, store, api_key, say, speak, language
    ):
        speak(language=language)
        poster = poster_for(
            programme=club, store=store, placement="entrance", now=datetime.now(UTC)
        )
        begin, phone = BeginPage(page, say), PhonePage(page, live_server.url)

        # What the camera opens, in the store.
        page.goto(poster.url)
        expect(page.get_by_role("main")).to_contain_text(store.name)
        watch.look()
        begin.ask("070-174 06 0")
        expect(page.get_by_label(say("Mobile number"))).to_have_value("070-174 06 0")
        watch.look()
        begin.ask(PHONE)
        page.wait_for_url("**/join/asked/")
        watch.look()

        # The purchase of the same visit already earns.
        TillClient(api_key).record(receipt(1))

        # The SMS, the form behind its link, and the member's own pages.
        phone.follow_link()
        expect(page.get_by_role("main")).to_contain_text("640")
        watch.look()
        JoinPage(page, say).finish(
            first_name="Vera", last_name="Lindqvist", email="vera@example.se"
        )
        watch.look()
        page.get_by_role("link", name=say("See my card and my points")).click()
        page.get_by_label(say("Mobile number or e-mail")).fill(PHONE)
        page.get_by_role("button", name=say("Send a code")).click()
        page.wait_for_url("**/me/sign-in/code/**")
        sign_in = page.url
        code = phone.code()
        page.goto(sign_in)
        page.get_by_label(say("Code"), exact=True).fill(code)
        page.get_by_role("button", name=say("Sign in"), exact=True).click()
        page.wait_for_url("**/me/")
        expect(page.get_by_role("main")).to_contain_text("640")
        watch.look()

        kept = Registration.objects.get()
        assert (kept.way, kept.placement, kept.outcome) == (
            "POSTER",
            "entrance",
            "FINISHED",
        )
        assert kept.member.home_store == store

    @in_one_language
    def test_work_without_scripts(self, browser, live_server, club, store, language):
        context = browser.new_context(java_script_enabled=False)
        context.add_cookies(
            [{"name": "language", "value": language, "url": live_server.url}]
        )
        page = context.new_page()
        page.goto(f"{live_server.url}/join/1/?via=newsletter")
        page.locator("input[name='phone']").fill(PHONE)
        page.locator("form.form button[type='submit']").click()
        page.wait_for_url("**/join/asked/")
        page.goto(f"{live_server.url}/dev/outbox/")
        page.locator(".bubble a[href*='/join/']").last.click()
        page.locator("input[name='first_name']").fill("Vera")
        page.locator("input[name='last_name']").fill("Lindqvist")
        page.locator("input[name='SMS'][value='no']").check(force=True)
        page.locator("input[name='EMAIL'][value='no']").check(force=True)
        page.locator("input[name='accepts_terms']").check(force=True)
        page.locator("form.form button[type='submit']").click()
        page.wait_for_url("**/join/welcome/**")
        context.close()

        assert Member.objects.get().status == Member.Status.ACTIVE
        assert Registration.objects.get().placement == "newsletter"

    def test_survive_a_link_scanner(self, browser, live_server, club, store):
        """HEAD, and three visits with scripts and three without; then a person."""
        page = browser.new_page()
        begin, phone = (
            BeginPage(page, lambda text: text),
            PhonePage(page, live_server.url),
        )
        page.goto(f"{live_server.url}/join/1/?language=en")
        begin.ask(PHONE)
        page.wait_for_url("**/join/asked/")
        phone.open()
        link = page.locator(".bubble a[href*='/join/']").last.get_attribute("href")

        for scripts in (True, False):
            scanner = browser.new_context(java_script_enabled=scripts)
            assert scanner.request.head(link).status == 200
            for _visit in range(3):
                visit = scanner.new_page()
                assert visit.goto(link, wait_until="networkidle").status == 200
                visit.close()
            scanner.close()
        assert Member.objects.get().status == Member.Status.PENDING

        phone.follow_link()
        JoinPage(page, lambda text: text).finish(
            first_name="Vera", last_name="Lindqvist", email=""
        )
        assert Member.objects.get().status == Member.Status.ACTIVE

        # Used now: the page says where the card is.
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "You are already a member"
        )
        page.close()
