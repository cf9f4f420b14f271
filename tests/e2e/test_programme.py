"""Double points on coffee at weekends for Gold: from a marketer's idea to a receipt."""

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from playwright.sync_api import expect

from points.models import EarningRule, Entry
from points.tiers import services as tiers
from portal.cookies import SESSION_COOKIE
from purchases.models import Product
from tests.e2e.conftest import in_one_language
from tests.factories.club import buy, line
from tests.factories.members import MemberFactory
from tests.factories.portal import signed_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

LADDER = (
    ({"sv": "Brons", "da": "Bronze", "en": "Bronze"}, "0"),
    ({"sv": "Silver", "da": "Sølv", "en": "Silver"}, "3000"),
    ({"sv": "Guld", "da": "Guld", "en": "Gold"}, "9000"),
)


class DeskPages:
    """The pages of the programme's desk."""

    def __init__(self, page, url, say):
        self.page, self.url, self.say = page, url, say

    def open(self):
        self.page.goto(f"{self.url}/points/programme/")

    def press(self, words):
        self.page.get_by_role("button", name=self.say(words), exact=True).click()
        self.page.wait_for_load_state("networkidle")

    def give_tiers(self):
        self.page.get_by_role("switch", name=self.say("Members have tiers")).check()
        for place, (names, needs) in enumerate(LADDER):
            self.press("Add a tier")
            for language, name in names.items():
                self.page.locator(f"#id_tiers-{place}-name_{language}").fill(name)
            self.page.locator(f"#id_tiers-{place}-needs").fill(needs)

    def ask_for(self, *, goods, weekdays, tier):
        with self.page.expect_response("**/programme/goods/**"):
            search = self.page.get_by_label(self.say("Search the catalogue"))
            search.press_sequentially(goods)
        # The boxes are drawn by their labels.
        found = self.page.get_by_role("group", name=self.say("Found"))
        found.get_by_role("checkbox", name=goods).first.check(force=True)
        for day in weekdays:
            self.page.get_by_role("checkbox", name=self.say(day)).check(force=True)
        # The last look at it, so that none is cut off by going on.
        with self.page.expect_response("**/multipliers/say/"):
            self.page.get_by_role("checkbox", name=tier).check(force=True)
        self.page.wait_for_load_state("networkidle")


def next_saturday(now):
    """Return a Saturday that is not today, at noon."""
    day = now.date() + timedelta(days=(5 - now.weekday()) % 7 or 7)
    return datetime.combine(day, time(12), tzinfo=UTC)


def receipt(number, at, member):
    """Return a receipt for coffee, as a till sends it."""
    return {
        "uniqueReceiptId": number,
        "receiptNumber": number,
        "contact": {"matchKeyType": "MobilePhone", "matchKey": member.phone},
        "createdDate": at.isoformat(),
        "storeExternalId": "1",
        "currency": "SEK",
        "totalGrossPrice": "80.00",
        "paymentMethods": [{"type": "CARD", "value": "80.00"}],
        "items": [
            {
                "type": "PURCHASE",
                "sku": "7310",
                "articleNumber": "7310",
                "articleName": "Bryggkaffe",
                "quantity": "1",
                "grossPaidPrice": "80.00",
                "taxAmount": "8.57",
                "taxPercent": "12",
            }
        ],
    }


@in_one_language
class TestDoublePointsOnCoffeeAtWeekendsForGold:
    def test_is_built_read_tried_published_and_obeyed(
        self,
        page,
        club,
        store,
        live_server,
        language,
        say,
        speak,
        watch,
        desk,
        mia,
        olga,
        api_key,
    ):
        now = datetime.now(UTC)
        Product.objects.create(
            programme=club, sku="7310", name="Bryggkaffe", category="Kaffe"
        )
        member = MemberFactory(programme=club, language=language)
        buy(member, store, line("200.00"), now=now - timedelta(days=40))
        saturday = next_saturday(now)
        pages = DeskPages(page, live_server.url, say)
        speak(language=language)
        desk(mia)

        # A draft with tiers, and the multiplier with its sentence beside it.
        pages.open()
        page.wait_for_load_state("networkidle")
        watch.look()
        pages.press("Write a new version")
        pages.give_tiers()
        pages.press("Add a multiplier")
        pages.ask_for(goods="Kaffe", weekdays=("Saturday", "Sunday"), tier="Guld")
        said = page.locator("#said")
        for spoken in ("sv", "da", "en"):
            sentence = said.locator(f"[lang={spoken}]")
            expect(sentence).to_contain_text("kaffe")
            expect(sentence).to_contain_text("Gold" if spoken == "en" else "Guld")
        watch.look()
        pages.press("Save the multiplier")
        expect(page.locator("#multipliers .rules li")).to_have_count(1)
        watch.look()

        # A basket, for the draft and for what holds today.
        pages.press("Save and try a purchase")
        page.get_by_label(say("Tier")).select_option(label="Guld")
        page.get_by_label(say("When")).fill(f"{saturday:%Y-%m-%dT%H:%M}")
        row = page.get_by_role("group", name=say("Line %(n)s", n=1))
        row.get_by_label(say("Goods")).fill("Bryggkaffe (7310)")
        row.get_by_label(say("Price each")).fill("80")
        pages.press("Reckon")
        expect(page.locator("#tried .big")).to_contain_text(["160", "80"])
        watch.look()

        # The impact on what members bought, then the start.
        page.go_back()
        page.go_back()
        page.wait_for_load_state("networkidle")
        pages.press("Save and go on to publish")
        impact = page.locator("#purchases-replay-panel")
        impact.get_by_role("button", name=say("Try it")).click()
        expect(impact.locator("#replay-start")).to_contain_text(say("Try it again"))
        watch.look()
        page.get_by_label(say("Starts on")).fill(f"{saturday:%Y-%m-%d}")
        pages.press("Publish")
        page.wait_for_url("**/programme/versions/**")
        watch.look()
        assert EarningRule.objects.get(version=2).published_by == mia

        # On that Saturday the till and the member's pages obey.
        with time_machine.travel(saturday, tick=True):
            tiers.grant(
                member=member,
                key="gold",
                reason="Stamgäst",
                until=saturday.date() + timedelta(days=90),
                staff=olga,
                now=saturday,
            )
            answer = page.request.post(
                f"{live_server.url}/api/v1/receipts",
                data=receipt("K-1", saturday, member),
                headers={
                    "Authorization": f"Bearer {api_key.plain}",
                    "Idempotency-Key": "receipt-K-1",
                },
            )
            assert answer.status == 201, answer.text()
            assert Entry.objects.latest("pk").points == 160

            client = signed_in(member, now=saturday)
            cookie = client.cookies[SESSION_COOKIE]
            page.context.add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
            )
            page.set_viewport_size({"width": 390, "height": 844})
            page.goto(f"{live_server.url}/me/receipts/")
            page.locator(".rows a").first.click()
            expect(page.locator(".slip")).to_contain_text("+160")
            expect(page.locator(".slip__why")).to_contain_text("kaffe")
            watch.look()
