"""From the till to the member's pages, as it is meant to go every day."""

import gzip
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from consent.models import Channel
from members.cards import card_token
from members.models import Member
from portal.cookies import SESSION_COOKIE
from portal.services import open_session
from tests.e2e.conftest import PIN, in_one_language
from tests.e2e.pages import JoinPage, PhonePage, PortalPage, TillPage
from tests.factories.members import MemberFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "0701740605"


def receipt(number, *, phone=PHONE, total="640.00"):
    """Return what the till's system sends."""
    return {
        "uniqueReceiptId": f"1-2-{number}",
        "receiptNumber": str(number),
        "contact": {"matchKeyType": "MobilePhone", "matchKey": phone},
        "createdDate": datetime.now(UTC).isoformat(),
        "storeExternalId": "1",
        "currency": "SEK",
        "totalGrossPrice": total,
        "paymentMethods": [{"type": "CARD", "value": total}],
        "items": [
            {
                "type": "PURCHASE",
                "sku": "4711",
                "articleNumber": "4711",
                "articleName": "Vinterkängor",
                "quantity": "1",
                "grossPaidPrice": total,
                "taxAmount": "128.00",
                "taxPercent": "25",
            }
        ],
    }


class TestFirstPurchase:
    def test_leads_from_the_till_to_points_and_kronor(
        self,
        page,
        watch,
        live_server,
        club,
        clerk,
        device_code,
        api_key,
        say,
        speak,
        language,
    ):
        speak(language=language)
        till = TillPage(page, live_server.url, say)
        phone = PhonePage(page, live_server.url)
        portal = PortalPage(page, live_server.url, say)

        # The manager's code makes the tablet a device; the clerk identifies.
        till.enrol(device_code)
        watch.look()
        till.choose("Carl Ek")
        watch.look()
        till.type_keys(PIN)
        till.sign_in()
        watch.look()

        # The number, one look-up, one tap.
        till.type_keys(PHONE)
        till.find()
        expect(till.answer).to_contain_text("070-174 06 05")
        watch.look()
        till.register()
        expect(till.answer).to_contain_text(say("Registered"))
        watch.look()

        # The purchase goes on before the customer has finished.
        answer = page.request.post(
            f"{live_server.url}/api/v1/receipts",
            data=receipt(1),
            headers={
                "Authorization": f"Bearer {api_key.plain}",
                "Idempotency-Key": "receipt-1",
            },
        )
        assert answer.status == 201, answer.text()

        # The customer opens the link, and the points have waited.
        phone.follow_link()
        watch.look()
        JoinPage(page, say).finish(
            first_name="Ingrid", last_name="Åkerström", email="ingrid@example.se"
        )
        watch.look()

        portal.ask_for_code(PHONE)
        watch.look()
        portal.enter(phone.code())
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ingrid")
        expect(portal.points).to_have_text("640")
        expect(portal.worth).to_contain_text("64")
        watch.look()

        for name in ("Receipts", "Card", "Choices", "Me"):
            portal.open(name)
            watch.look()
        portal.open("Receipts")
        page.locator(".rows a").first.click()
        expect(page.locator(".slip")).to_contain_text("Vinterkängor")
        watch.look()

        # At the till they are known from now on, by number and by card.
        page.goto(f"{live_server.url}/till/")
        till.type_keys(PHONE)
        till.find()
        expect(till.answer).to_contain_text("Ingrid")
        expect(till.answer).to_contain_text(re.compile(r"64\s*kr"))
        watch.look()
        till.next_customer()
        till.scan(card_token(Member.objects.get(), now=datetime.now(UTC)))
        expect(till.answer).to_contain_text("Ingrid")


@in_one_language
class TestWithoutScripts:
    def test_registers_and_signs_in_all_the_same(
        self, browser, live_server, club, clerk, device_code, say, language
    ):
        context = browser.new_context(java_script_enabled=False)
        context.add_cookies(
            [{"name": "language", "value": language, "url": live_server.url}]
        )
        page = context.new_page()
        till = TillPage(page, live_server.url, say)
        phone = PhonePage(page, live_server.url)
        portal = PortalPage(page, live_server.url, say)

        till.enrol(device_code)
        till.choose("Carl Ek")
        page.get_by_label(say("PIN")).fill(PIN)
        till.sign_in()
        label = say("Mobile number or membership number")
        page.get_by_label(label).fill(PHONE)
        till.find()
        till.register()
        expect(till.answer).to_contain_text(say("Registered"))
        phone.follow_link()
        JoinPage(page, say).finish(
            first_name="Ingrid", last_name="Åkerström", email="ingrid@example.se"
        )
        portal.ask_for_code(PHONE)
        portal.enter(phone.code())

        expect(page.get_by_role("heading", level=1)).to_contain_text("Ingrid")
        context.close()


@in_one_language
class TestFirstLoad:
    def test_of_the_portal_stays_below_110_kilobytes(
        self, page, live_server, club, say, speak
    ):
        """Counted as sent: compressed, all but what already is."""
        sizes = {}

        def weigh(response):
            body = response.body()
            packed = response.url.endswith((".woff2", ".png"))
            sizes[response.url] = len(body if packed else gzip.compress(body))

        page.on("requestfinished", lambda request: weigh(request.response()))
        page.goto(f"{live_server.url}/me/sign-in/", wait_until="networkidle")

        assert sum(sizes.values()) < 110_000, sizes


class TestCardCode:
    def test_is_renewed_every_five_minutes(
        self, page, live_server, club, store, say, speak
    ):
        member = MemberFactory(programme=club)
        opened = open_session(
            member=member, channel=Channel.SMS, device="", now=datetime.now(UTC)
        )
        speak(**{SESSION_COOKIE: opened.key})
        page.clock.install()
        page.goto(f"{live_server.url}/me/card/")
        code = page.locator("lp-card-code svg")
        before = code.inner_html()

        with page.expect_response("**/me/card/qr/"):
            page.clock.run_for(5 * 60 * 1000)

        expect(code).not_to_have_js_property("innerHTML", before)


@in_one_language
class TestIdleTill:
    def test_locks_itself_and_clears_the_screen(
        self, page, live_server, club, at_till, say, speak, language
    ):
        speak(language=language)
        MemberFactory(programme=club, phone="+46701740605", first_name="Ingrid")
        till = TillPage(page, live_server.url, say)
        page.clock.install()
        page.goto(f"{live_server.url}/till/")
        till.type_keys(PHONE)
        till.find()
        expect(till.answer).to_contain_text("Ingrid")

        page.clock.run_for(15 * 60 * 1000 + 5000)

        page.wait_for_url("**/till/staff/")
        expect(page.locator("body")).not_to_contain_text("Ingrid")
