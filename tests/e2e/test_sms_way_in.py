"""From an SMS to the member's pages, without a link or a form on the way."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from members.models import Member
from tests.e2e.conftest import in_one_language
from tests.e2e.pages import PhonePage, PortalPage

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "0701740605"
SHOWN = "070-174 06 05"
# What somebody writes, and how the answer begins.
TEXTS = {
    "sv": [
        ("GÅ MED 1", "Välkommen till Ljung & Dal!"),
        ("Ingrid Åkerström", "via sms till mitt mobilnummer"),
        ("ja", "via e-post till min e-postadress"),
        ("Nej tack", "Sista frågan"),
        ("JA", "Välkommen till Ljung & Dal, Ingrid!"),
    ],
    "en": [
        ("JOIN 1", "Welcome to Ljung & Dal!"),
        ("my name is Ingrid Åkerström", "by SMS to my mobile number"),
        ("yes", "by e-mail to my e-mail address"),
        ("No thanks", "Last question"),
        ("YES", "Welcome to Ljung & Dal, Ingrid!"),
    ],
}


def receipt(total):
    return {
        "uniqueReceiptId": "1-2-1",
        "receiptNumber": "1",
        "contact": {"matchKeyType": "MobilePhone", "matchKey": PHONE},
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


class TextingPage(PhonePage):
    """The simulator's phones, on which one can write."""

    def __init__(self, page, url, say):
        super().__init__(page, url)
        self.say = say

    def begin(self, number, text):
        self.open()
        main = self.page.get_by_role("main")
        main.get_by_label(self.say("Mobile number")).fill(number)
        main.get_by_label(self.say("Your text")).fill(text)
        form = self.page.get_by_role("form", name=self.say("Write to the club"))
        form.get_by_role("button", name=self.say("Send")).click()

    def reply(self, text):
        phone = self.page.get_by_role("group", name=SHOWN)
        label = self.say("Reply from %(number)s", number=SHOWN)
        phone.get_by_label(label).fill(text)
        phone.get_by_role("button", name=self.say("Send")).click()

    def expect_answer(self, words):
        phone = self.page.get_by_role("group", name=SHOWN)
        expect(phone.locator(".bubble:not(.bubble--out)").last).to_contain_text(words)


class TestSmsWayIn:
    def test_leads_from_a_keyword_to_points_and_kronor(
        self, page, watch, live_server, club, api_key, say, speak, language
    ):
        speak(language=language)
        phone = TextingPage(page, live_server.url, say)
        portal = PortalPage(page, live_server.url, say)
        (keyword, welcome), *rest = TEXTS[language]

        phone.begin(PHONE, keyword)
        phone.expect_answer(welcome)
        watch.look()
        for text, answer in rest:
            phone.reply(text)
            phone.expect_answer(answer)
        watch.look()
        member = Member.objects.get()
        assert (member.status, member.language) == (Member.Status.ACTIVE, language)

        sent = page.request.post(
            f"{live_server.url}/api/v1/receipts",
            data=receipt("640.00"),
            headers={
                "Authorization": f"Bearer {api_key.plain}",
                "Idempotency-Key": "receipt-1",
            },
        )
        assert sent.status == 201, sent.text()
        phone.open()
        phone.reply("SALDO")
        phone.expect_answer("640")

        portal.ask_for_code(PHONE)
        portal.enter(phone.code())
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ingrid")
        expect(portal.points).to_have_text("640")
        expect(portal.worth).to_contain_text(re.compile(r"64\s*kr|kr\s*64"))
        watch.look()

    @in_one_language
    def test_goes_back_out_with_stop(
        self, page, live_server, club, say, speak, language
    ):
        speak(language=language)
        phone = TextingPage(page, live_server.url, say)
        (keyword, welcome), *_rest = TEXTS[language]
        phone.begin(PHONE, keyword)
        phone.expect_answer(welcome)

        phone.reply("Stopp!")

        phone.expect_answer({"sv": "Det är stoppat", "en": "Stopped."}[language])
        assert Member.objects.get().status == Member.Status.PENDING

    @in_one_language
    def test_shows_the_whole_text_behind_the_link(
        self, page, watch, live_server, club, say, speak, language
    ):
        speak(language=language)
        phone = TextingPage(page, live_server.url, say)
        (keyword, _welcome), (name, question), *_rest = TEXTS[language]
        phone.begin(PHONE, keyword)
        phone.reply(name)
        phone.expect_answer(question)

        page.locator(".bubble a").last.click()

        expect(page.locator(".lawtext p")).to_have_count(2)
        watch.look()
