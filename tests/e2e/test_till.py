"""The till in the browser: by touch, by keyboard, enlarged, and without a network."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from members import identity
from members.identity import End, Kind, Proof
from members.models import Member
from stores.roles import Role
from stores.services import set_pin
from tests.e2e.conftest import PIN
from tests.e2e.pages import TillPage
from tests.factories.club import buy, line
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "0701740605"
TABLET = {"width": 1180, "height": 820}


@pytest.fixture(params=["sv"])
def language(request):
    """In one language: the journey through the till is walked in both elsewhere."""
    return request.param


@pytest.fixture
def till(page, live_server, club, at_till, say, speak, language):
    """The till page with Carl at it."""
    speak(language=language)
    page.set_viewport_size(TABLET)
    opened = TillPage(page, live_server.url, say)
    page.goto(f"{live_server.url}/till/")
    return opened


@pytest.fixture
def vera(club, store):
    member = MemberFactory(
        programme=club,
        first_name="Vera",
        last_name="Lindqvist",
        phone="+46701740605",
        home_store=store,
    )
    buy(member, store, line("649.00"), now=datetime.now(UTC))
    return member


def number_field(page):
    return page.locator("#pad-number")


def count_taps(page):
    page.evaluate(
        """() => {
            window.taps = 0;
            document.addEventListener('click', () => { window.taps += 1; }, true);
        }"""
    )


class TestByTouch:
    def test_registers_in_three_taps_after_the_number_at_most(self, till, page, watch):
        till.type_keys(PHONE)
        count_taps(page)
        till.find()
        till.register()
        expect(till.answer).to_contain_text(till.say("Registered"))

        assert page.evaluate("window.taps") <= 3
        assert Member.objects.get().phone == "+46701740605"
        watch.look()

    def test_begins_a_new_number_after_an_answer(self, till, page, vera):
        till.type_keys(PHONE)
        till.find()
        expect(till.answer).to_contain_text("Vera")

        till.type_keys("07")

        expect(number_field(page)).to_have_value("07")

    def test_targets_are_large_enough_for_a_finger(self, till, page, vera):
        till.type_keys(PHONE)
        till.find()
        expect(till.answer).to_contain_text("Vera")

        small = page.evaluate(
            """() => [...document.querySelectorAll('main a, main button')]
                .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
                .filter(([, box]) => box.width && (box.height < 44 || box.width < 44))
                .map(([text]) => text)"""
        )
        assert small == []


class TestByKeyboard:
    def test_finds_registers_and_goes_on_without_the_mouse(self, till, page, watch):
        keyboard = page.keyboard
        # Wherever the focus is.
        page.locator("body").evaluate("() => document.activeElement.blur()")
        keyboard.type(PHONE, delay=60)
        keyboard.press("Enter")
        expect(page.locator("#register")).to_be_focused()
        keyboard.press("Enter")
        expect(till.answer).to_contain_text(till.say("Registered"))
        expect(page.locator("[data-go]")).to_be_focused()
        watch.look()
        keyboard.press("Enter")

        expect(till.answer).to_contain_text(till.say("Ready for the next customer"))
        expect(number_field(page)).to_be_focused()
        expect(number_field(page)).to_have_value("")

    def test_comes_back_to_an_empty_field(self, till, page, vera):
        page.keyboard.type(PHONE, delay=60)
        page.keyboard.press("Enter")
        expect(till.answer).to_contain_text("Vera")

        page.keyboard.press("Escape")

        expect(till.answer).not_to_contain_text("Vera")
        expect(number_field(page)).to_be_focused()
        expect(number_field(page)).to_have_value("")

    def test_shows_the_keys(self, till, page):
        for key in ("Enter", "Esc", "F9"):
            expect(page.locator(".keys kbd", has_text=key)).to_be_visible()

    def test_walks_in_the_order_of_the_page(self, till, page):
        expect(number_field(page)).to_be_focused()
        page.keyboard.press("Tab")

        inside = page.evaluate(
            "() => document.activeElement.closest('lp-keypad') !== null"
        )
        assert inside

    def test_takes_a_scan_for_a_scan_and_typing_for_typing(self, till, page, vera):
        page.keyboard.type("0731", delay=60)
        till.scan(vera.number)

        expect(till.answer).to_contain_text("Vera")


class TestStates:
    def test_read_well_to_everybody(self, till, page, watch, vera, club, language):
        now = datetime.now(UTC)
        Member.objects.filter(pk=vera.pk).update(held_until=now + timedelta(hours=20))
        silent = MemberFactory(programme=club, phone="+46701740701", first_name="Siv")
        identity.prove(
            member=silent,
            kind=Kind.PHONE,
            value=silent.phone,
            proof=Proof.CODE,
            now=now - timedelta(days=500),
        )
        MemberFactory(programme=club, phone="+46701740702", pending=True)
        MemberFactory(programme=club, phone="+46701740703", left=True)
        MemberFactory(programme=club, phone="+46701740704", blocked=True)
        lost = MemberFactory(programme=club, phone="+46701740706")
        old = lost.number
        identity.replace_card(member=lost, end=End.LOST, now=now)

        for typed, outcome in [
            (PHONE, "known"),
            ("0701740701", "silent"),
            ("0701740702", "pending"),
            ("0701740703", "left"),
            ("0701740704", "blocked"),
            ("0701740799", "new"),
            (old, "card_lost"),
            ("08123", "number_invalid"),
            ("+4512345678", None),
        ]:
            page.keyboard.press("Escape")
            number_field(page).fill(typed)
            page.keyboard.press("Enter")
            if outcome:
                expect(till.answer).to_have_attribute("data-outcome", outcome)
            watch.look()
            expect(till.answer).not_to_contain_text("Siv")

    def test_fit_at_twice_the_size(self, till, page, watch, vera):
        # A tablet at 200 % has half the width and height.
        page.set_viewport_size({"width": 590, "height": 410})
        number_field(page).fill(PHONE)
        page.keyboard.press("Enter")
        expect(till.answer).to_contain_text("Vera")

        over = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert over <= 0
        expect(page.locator("[data-go]")).to_be_in_viewport()
        watch.look()


class TestByName:
    def test_finds_a_member_for_a_manager(
        self,
        page,
        live_server,
        club,
        store,
        olga,
        device_code,
        say,
        speak,
        language,
        vera,
    ):
        manager = StaffFactory(name="Maj Sund", role=Role.STORE_MANAGER, store=store)
        set_pin(staff=manager, pin=PIN, actor=olga, now=datetime.now(UTC))
        speak(language=language)
        page.set_viewport_size(TABLET)
        till = TillPage(page, live_server.url, say)
        till.enrol(device_code)
        till.choose("Maj Sund")
        till.type_keys(PIN)
        till.sign_in()

        page.keyboard.press("F2")
        expect(page.locator("#last")).to_be_focused()
        page.keyboard.type("Lind")
        page.keyboard.press("Tab")
        page.keyboard.type("Ve")
        page.keyboard.press("Enter")
        expect(till.answer).to_contain_text("Vera Lindqvist")
        # A person presses Enter once the name is marked.
        expect(till.answer.locator("[data-go]")).to_be_focused()
        page.keyboard.press("Enter")

        expect(till.answer).to_have_attribute("data-outcome", "known")


class TestLostNetwork:
    def test_says_so_and_sends_the_same_again(self, till, page, context, vera):
        till.type_keys(PHONE)
        context.set_offline(True)
        till.find()
        lost = page.locator("#lost")
        expect(lost).to_be_visible()
        expect(number_field(page)).to_have_value(PHONE)

        context.set_offline(False)
        page.locator("[data-again]").click()

        expect(till.answer).to_contain_text("Vera")
        expect(lost).to_be_hidden()


class TestSwitch:
    @pytest.fixture
    def other(self, store, olga):
        other = StaffFactory(name="Disa Alm", role=Role.STORE_STAFF, store=store)
        return set_pin(staff=other, pin=PIN, actor=olga, now=datetime.now(UTC))

    def come_back(self, till, name):
        till.page.keyboard.press("F9")
        till.page.wait_for_url("**/till/staff/")
        till.choose(name)
        till.type_keys(PIN)
        till.sign_in()

    def test_keeps_what_one_had_on_the_screen(self, till, page, vera, other):
        till.type_keys(PHONE)
        till.find()
        expect(till.answer).to_contain_text("Vera")

        self.come_back(till, "Carl Ek")

        expect(number_field(page)).to_have_value(PHONE)
        expect(till.answer).to_contain_text("Vera")

    def test_shows_nothing_of_it_to_somebody_else(self, till, page, vera, other):
        till.type_keys(PHONE)
        till.find()
        expect(till.answer).to_contain_text("Vera")

        self.come_back(till, "Disa Alm")

        expect(number_field(page)).to_have_value("")
        expect(till.answer).not_to_contain_text("Vera")
        self.come_back(till, "Carl Ek")
        expect(number_field(page)).to_have_value("")

    def test_keeps_nothing_when_the_till_locked_itself(self, till, page, other):
        page.clock.install()
        page.goto(f"{till.url}/till/")
        till.type_keys(PHONE)
        page.clock.run_for(15 * 60 * 1000 + 5000)
        page.wait_for_url("**/till/staff/")
        till.choose("Carl Ek")
        till.type_keys(PIN)
        till.sign_in()

        expect(number_field(page)).to_have_value("")
