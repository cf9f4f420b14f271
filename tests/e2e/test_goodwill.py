"""Making something good in the browser: by touch and by keyboard, with few taps."""

import pytest
from playwright.sync_api import expect

from points.models import Account, GoodwillGrant
from stores.roles import Role
from stores.services import set_pin
from tests.e2e.conftest import PIN
from tests.e2e.pages import TillPage
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "0701740605"


@pytest.fixture(params=["sv"])
def language(request):
    return request.param


@pytest.fixture
def vera(club, store):
    return MemberFactory(
        programme=club, first_name="Vera", phone="+46701740605", home_store=store
    )


@pytest.fixture
def mona(store, olga, now):
    manager = StaffFactory(name="Mona Falk", role=Role.STORE_MANAGER, store=store)
    return set_pin(staff=manager, pin=PIN, actor=olga, now=now)


@pytest.fixture
def till(page, live_server, club, at_till, say, speak, language, vera):
    """The till with Carl at it and Vera's answer on it."""
    speak(language=language)
    page.goto(f"{live_server.url}/till/")
    opened = TillPage(page, live_server.url, say)
    page.locator("#pad-number").fill(PHONE)
    opened.find()
    page.locator("#goodwill").wait_for()
    return opened


class TestAtTheTill:
    @pytest.mark.parametrize("width", [390, 820, 1180])
    def test_takes_three_taps(self, till, page, vera, watch, width):
        page.set_viewport_size({"width": width, "height": 820})

        page.locator("#goodwill").click()
        page.locator("#reason-long-queue").click()
        watch.look()
        # Tapped twice, as people do who wait.
        page.locator(".amount[value='50']").dblclick()

        expect(page.locator("[data-outcome=goodwill_done]")).to_be_visible()
        assert Account.objects.get(member=vera).balance == 500
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width

    def test_goes_by_the_keyboard_alone(self, till, page, vera, mona, watch):
        page.locator("#goodwill").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#reason-long-queue")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".amount[value='10']")).to_be_focused()
        page.locator(".amount[value='250']").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#manager-pin")).to_be_focused()
        page.keyboard.type(PIN)
        watch.look()
        page.keyboard.press("Enter")

        expect(page.locator("[data-outcome=goodwill_done]")).to_be_visible()
        given = GoodwillGrant.objects.get()
        assert (given.approved_by, given.worth) == (mona, 250)
        # What was typed was the PIN, and no customer's number.
        assert page.locator("#pad-number").input_value() == PHONE

    @pytest.mark.parametrize("language", ["sv", "en"], indirect=True)
    def test_asks_for_a_manager_s_pin_above_the_allowance(
        self, till, page, vera, mona, say, watch
    ):
        page.set_viewport_size({"width": 390, "height": 844})
        page.locator("#goodwill").click()
        page.locator("#reason-long-queue").click()
        tile = page.locator(".amount[value='250']")
        expect(tile).to_contain_text(say("with a manager's PIN"))
        tile.click()

        pin = page.locator("#manager-pin")
        pin.fill("0000")
        page.get_by_role("button", name=say("Approve")).click()
        expect(page.locator("#answer [role=alert]")).to_be_visible()
        assert not GoodwillGrant.objects.exists()
        watch.look()

        pin.fill(PIN)
        page.get_by_role("button", name=say("Approve")).click()
        expect(page.locator("[data-outcome=goodwill_done]")).to_be_visible()
        assert GoodwillGrant.objects.get().approved_by == mona
