"""A voucher, a stamp card and a tier: on the member's phone and at the till at once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import translation
from playwright.sync_api import expect

from offers.models import Voucher
from points import reading
from points.terms import Ladder, Terms, VoucherMode, Vouchers, VoucherStep
from portal.cookies import SESSION_COOKIE
from tests.e2e.pages import TillPage
from tests.factories.members import MemberFactory
from tests.factories.offers import kr, stamp_card
from tests.factories.points import EarningRuleFactory
from tests.factories.portal import signed_in
from tests.factories.tiers import tier

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "0701740605"
LADDER = Ladder(
    tiers=(
        tier("brons", en="Bronze"),
        replace(
            tier("silver", 500),
            benefits=({"sv": "Fri frakt", "da": "Fri fragt", "en": "Free delivery"},),
        ),
        tier("guld", 5000, en="Gold"),
    )
)


@pytest.fixture
def vera(club, store, olga, language):
    """Give the club vouchers, tiers and a coffee card, and Vera her membership."""
    now = datetime.now(UTC)
    EarningRuleFactory(
        programme=club,
        terms=reading.dump(
            Terms(
                ladder=LADDER,
                vouchers=Vouchers(
                    mode=VoucherMode.AUTOMATIC, steps=(VoucherStep(500, kr(50)),)
                ),
            )
        ),
        published=True,
    )
    stamp_card(club, olga, now=now)
    return MemberFactory(
        programme=club,
        first_name="Vera",
        phone="+46701740605",
        home_store=store,
        language=language,
    )


class Register:
    """The store's own register, which sends its receipts."""

    def __init__(self, page, url, key):
        self.page, self.url, self.key = page, url, key
        self.sent = 0

    def sell(self, *items, vouchers=()):
        self.sent += 1
        total = f"{sum(float(price) for _name, _group, price in items):.2f}"
        body = {
            "uniqueReceiptId": f"1-2-{self.sent}",
            "receiptNumber": str(self.sent),
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
                    "articleName": name,
                    "articleGroup": group,
                    "quantity": "1",
                    "grossPaidPrice": price,
                    "taxAmount": "0.00",
                    "taxPercent": "0",
                }
                for name, group, price in items
            ],
            "vouchers": list(vouchers),
        }
        answer = self.page.request.post(
            f"{self.url}/api/v1/receipts",
            data=body,
            headers={
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": f"receipt-{self.sent}",
            },
        )
        assert answer.status == 201, answer.text()


@pytest.fixture
def register(page, live_server, api_key):
    return Register(page, live_server.url, api_key.plain)


@pytest.fixture
def phone(page, live_server, vera):
    """Let Vera be signed in to her pages, on a phone."""
    cookie = signed_in(vera, now=datetime.now(UTC)).cookies[SESSION_COOKIE]
    page.context.add_cookies(
        [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
    )
    page.set_viewport_size({"width": 390, "height": 844})
    return page


class TestAMemberWhoBought:
    def test_sees_what_it_gave_and_the_till_redeems_it_at_once(
        self,
        phone,
        live_server,
        register,
        vera,
        at_till,
        say,
        speak,
        language,
        watch,
    ):
        page, url = phone, live_server.url
        speak(language=language)
        register.sell(("Kanna", "", "500.00"), ("Bryggkaffe", "Kaffe", "35.00"))
        voucher = Voucher.objects.get(member=vera)
        code = f"{voucher.code[:4]}-{voucher.code[4:8]}-{voucher.code[8:]}"

        # All three are on the first page, each a press from its own.
        page.goto(f"{url}/me/")
        expect(page.locator(".pass__lvl")).to_have_text("Silver")
        expect(page.locator("#stamps .stamp--full")).to_have_count(1)
        watch.look()
        page.locator("a[href$='/me/tier/']").first.click()
        expect(page.get_by_text(say("Yours"), exact=True)).to_be_visible()
        benefit = "Fri frakt" if language == "sv" else "Free delivery"
        expect(page.get_by_text(benefit).first).to_be_visible()
        watch.look()
        page.get_by_role("link", name=say("Home")).first.click()
        page.locator("#stamps a[href$='/me/stamp-cards/']").click()
        stamps = say("%(collected)s of %(needed)s stamps", collected=1, needed=9)
        expect(page.get_by_role("img", name=stamps)).to_be_visible()
        watch.look()
        page.get_by_role("link", name=say("Home")).first.click()
        page.locator("a[href$='/me/vouchers/']").first.click()
        watch.look()
        page.locator(".rows a").click()
        expect(page.get_by_text(code)).to_be_visible()
        watch.look()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390

        # The till says the same, until the register has taken it.
        till = TillPage(page, url, say)
        page.goto(f"{url}/till/")
        page.locator("#pad-number").fill(PHONE)
        till.find()
        expect(till.answer).to_contain_text(code)
        expect(till.answer).to_contain_text("Silver")
        expect(till.answer).to_contain_text(stamps)
        watch.look()
        register.sell(("Handduk", "", "120.00"), vouchers=[voucher.code])
        till.next_customer()
        page.locator("#pad-number").fill(PHONE)
        till.find()
        expect(till.answer).to_contain_text(stamps)
        expect(till.answer).not_to_contain_text(code)

        # So do the member's pages: used, and what was paid after it earned points.
        page.goto(f"{url}/me/vouchers/")
        expect(page.locator("#past li")).to_have_count(1)
        with translation.override(language):
            used = str(Voucher.Status.USED.label)
        expect(page.locator("#past")).to_contain_text(used)
        voucher.refresh_from_db()
        assert voucher.status == Voucher.Status.USED
