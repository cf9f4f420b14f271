"""The member's pages in a browser: how fast, for whom, and with how little."""

import re
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as real_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import expect
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

from consent.models import Channel
from messaging.models import Message
from portal.cookies import SESSION_COOKIE
from portal.models import Session
from portal.services import open_session
from tests.e2e.conftest import COLOURS, RULES, in_one_language
from tests.e2e.pages import PhonePage, PortalPage
from tests.factories.club import buy, line, returned
from tests.factories.members import MemberFactory
from tests.factories.portal import proven

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "+46701740605"
FIRST_LOAD = 110_000
LATER_LOAD = 15_000
PAGES = [
    "/me/",
    "/me/receipts/",
    "/me/card/",
    "/me/choices/",
    "/me/profile/",
    "/me/details/",
    "/me/details/phone/",
    "/me/details/email/",
    "/me/identifiers/",
    "/me/card/lost/",
    "/me/timeline/",
    "/me/devices/",
    "/me/help/",
    "/me/leave/",
]
OPEN_PAGES = [
    "/me/sign-in/",
    "/me/left/",
    "/me/undone/",
    "/me/sign-in/new/done/",
    f"/me/undo/{'x' * 22}/",
]


@pytest.fixture
def vera(club, store):
    """A member who has bought, returned, and been signed in elsewhere."""
    now = datetime.now(UTC)
    member = MemberFactory(
        programme=club,
        phone=PHONE,
        email="vera@example.se",
        first_name="Vera-Alexandra",
        last_name="Lindqvist von Essen af Västergötland",
        home_store=store,
    )
    proven(member, "EMAIL")
    for days in range(30):
        buy(member, store, line(f"{100 + days}.00"), now=now - timedelta(days=days))
    bought = buy(
        member,
        store,
        line("1249.00", name="Vinterkängor Fjäll med extra lång benämning i kassan"),
        line("90.00", name="Cigaretter", article_group="Tobak"),
        now=now,
    )
    buy(member, store, returned("1249.00"), now=now, original=bought)
    open_session(member=member, channel=Channel.SMS, device="Safari, iPhone", now=now)
    return member


@pytest.fixture
def enter(vera, context, live_server):
    """Sign the member in, lately or an hour ago."""

    def open_in(url=live_server.url, *, fresh=True):
        opened = open_session(
            member=vera, channel=Channel.SMS, device="Chrome", now=datetime.now(UTC)
        )
        if not fresh:
            Session.objects.filter(pk=opened.session.pk).update(stepped_up_at=None)
        context.add_cookies([{"name": SESSION_COOKIE, "value": opened.key, "url": url}])

    return open_in


def code_for(address):
    """Read the newest code out of the outbox."""
    message = Message.objects.filter(address=address, kind__endswith="_code").latest(
        "pk"
    )
    return re.search(r"\b[0-9]{6}\b", message.body)[0]


@in_one_language
class TestChangedNumber:
    def test_is_proven_told_and_taken_back(
        self, page, watch, live_server, vera, enter, say, speak, language
    ):
        speak(language=language)
        enter(fresh=False)

        page.goto(f"{live_server.url}/me/details/")
        page.locator("a[href='/me/details/phone/']").click()
        # A borrowed phone is not enough.
        expect(page.locator("h1")).to_have_text(say("Confirm that it is you"))
        watch.look()
        page.get_by_role("button", name=say("Send a code")).click()
        watch.look()
        page.get_by_label(say("Code"), exact=True).fill(code_for(PHONE))
        page.get_by_role("button", name=say("Confirm")).click()

        page.get_by_label(say("New mobile number")).fill("070-174 06 99")
        page.get_by_role("button", name=say("Send a code there")).click()
        watch.look()
        page.get_by_label(say("Code"), exact=True).fill(code_for("+46701740699"))
        page.get_by_role("button", name=say("Change number")).click()
        expect(page.locator("main")).to_contain_text("070-174 06 99")
        watch.look()
        page.goto(f"{live_server.url}/me/")
        expect(page.locator(".note")).to_be_visible()
        watch.look()

        # The old number gets a link; nobody is signed in there.
        page.context.clear_cookies(name=SESSION_COOKIE)
        PhonePage(page, live_server.url).open()
        page.locator(".bubble a[href*='/me/undo/']").last.click()
        watch.look()
        page.get_by_role("button", name=say("Take the change back")).click()
        expect(page.locator("h1")).to_have_text(say("The change is taken back"))
        watch.look()

        vera.refresh_from_db()
        assert vera.phone == PHONE
        page.go_back()
        page.reload()
        expect(page.locator("h1")).to_have_text(
            say("The change was taken back already")
        )
        watch.look()


@in_one_language
class TestSilentNumber:
    def test_asks_for_a_second_proof(
        self, page, watch, live_server, vera, say, speak, language
    ):
        speak(language=language)
        proven(vera, "PHONE", days=400)
        portal = PortalPage(page, live_server.url, say)

        portal.ask_for_code(PHONE)
        portal.enter(code_for(PHONE))
        expect(page.locator("h1")).to_have_text(say("Is it still you?"))
        watch.look()
        page.get_by_role("link", name=say("I am new here")).click()
        expect(page.locator("h1")).to_have_text(say("The number is mine now"))
        watch.look()
        page.get_by_role("link", name=say("No, the membership is mine")).click()
        page.get_by_role("button", name=say("Send a code by e-mail")).click()
        watch.look()
        page.get_by_label(say("Code"), exact=True).fill(code_for("vera@example.se"))
        page.get_by_role("button", name=say("Sign in")).click()

        expect(page.locator("h1")).to_contain_text("Vera-Alexandra")


class TestWithoutScripts:
    def test_all_of_it_works(self, browser, live_server, vera):
        context = browser.new_context(java_script_enabled=False)
        context.add_cookies(
            [{"name": "language", "value": "en", "url": live_server.url}]
        )
        page = context.new_page()
        portal = PortalPage(page, live_server.url, str)

        portal.ask_for_code(PHONE)
        portal.enter(code_for(PHONE))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Vera-Alexandra")
        expect(page.locator(".pass__qr svg")).to_be_visible()

        portal.open("Receipts")
        page.get_by_role("link", name="Older").click()
        expect(page.locator(".rows > li")).to_have_count(12)
        page.locator(".rows a").first.click()
        expect(page.locator(".slip")).to_be_visible()

        page.goto(f"{live_server.url}/me/timeline/")
        page.get_by_role("link", name="Older").click()
        expect(page.locator(".tl__e").first).to_be_visible()

        page.goto(f"{live_server.url}/me/details/email/")
        page.get_by_label("New e-mail address").fill("vera.ny@example.se")
        page.get_by_role("button", name="Send a code there").click()
        page.get_by_label("Code", exact=True).fill(code_for("vera.ny@example.se"))
        page.get_by_role("button", name="Change address").click()
        expect(page.locator("main")).to_contain_text("vera.ny@example.se")

        portal.open("Me")
        page.get_by_role("link", name="Leave the club").click()
        page.get_by_role("button", name="Leave the club").click()
        expect(page.locator("h1")).to_have_text("You have left the club")
        vera.refresh_from_db()
        assert vera.status == "LEFT"
        context.close()


class TestEveryPage:
    def test_is_open_to_everybody(self, page, watch, live_server, vera, enter, speak):
        """Hold pages against axe, by day and by night."""
        enter()
        for theme, rules in (("light", RULES), ("dark", COLOURS)):
            speak(language="en", theme=theme)
            for address in PAGES:
                page.goto(f"{live_server.url}{address}")
                watch.look(rules)

    def test_without_a_member_is_open_to_everybody(
        self, page, watch, live_server, vera, speak
    ):
        for theme, rules in (("light", RULES), ("dark", COLOURS)):
            speak(language="en", theme=theme)
            for address in OPEN_PAGES:
                page.goto(f"{live_server.url}{address}")
                watch.look(rules)

    def test_fits_into_half_and_a_quarter_of_a_window(
        self, page, live_server, vera, enter, speak
    ):
        """640 and 320 pixels are what 200 % and 400 % leave of a window of 1280."""
        speak(language="sv")
        enter()
        for address in PAGES:
            page.goto(f"{live_server.url}{address}")
            for width in (1280, 640, 320):
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (address, width)

    def test_is_open_to_everybody_when_something_is_wrong(
        self, page, watch, live_server, vera, enter, speak
    ):
        speak(language="en")
        page.goto(f"{live_server.url}/me/sign-in/")
        self.send(page, watch, "Mobile number or e-mail", "hej", "Send a code")
        self.send(page, watch, "Mobile number or e-mail", PHONE, "Send a code")
        self.send(page, watch, "Code", "12", "Sign in")
        enter()
        page.goto(f"{live_server.url}/me/details/phone/")
        self.send(page, watch, "New mobile number", "08-123", "Send a code there")
        page.goto(f"{live_server.url}/me/details/email/")
        self.send(page, watch, "New e-mail address", "vera", "Send a code there")
        page.goto(f"{live_server.url}/me/details/")
        self.send(page, watch, "Last name", "", "Save")

    def send(self, page, watch, label, value, button):
        page.get_by_label(label, exact=True).fill(value)
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_load_state()
        watch.look()


class TestKeyboard:
    def test_signs_in_by_tab_and_enter(self, page, live_server, vera, speak):
        speak(language="en")
        page.goto(f"{live_server.url}/me/sign-in/")

        reached = []
        for _ in range(4):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate(
                    "document.activeElement.innerText.trim()"
                    " || document.activeElement.name"
                )
            )
        assert reached == [
            "Skip to content",
            vera.programme.name,
            "identifier",
            "Send a code",
        ]

        page.keyboard.press("Shift+Tab")
        page.keyboard.type("0701740605")
        page.keyboard.press("Enter")
        page.wait_for_url("**/me/sign-in/code/")
        page.get_by_label("Code", exact=True).focus()
        page.keyboard.type(code_for(PHONE))
        page.keyboard.press("Enter")
        page.wait_for_url("**/me/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Vera-Alexandra")

    def test_shows_where_it_is(self, page, live_server, vera, enter, speak):
        enter()
        page.goto(f"{live_server.url}/me/profile/")

        for _ in range(12):
            page.keyboard.press("Tab")
            outline = page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle"
            )
            assert outline != "none"


class TestTransfer:
    """As a phone pays for it: compressed files with long lives, pages as they are."""

    @pytest.fixture
    def compressed(self, tmp_path, settings):
        shutil.copytree(real_settings.BASE_DIR / "static", tmp_path / "static")
        compressor = Compressor(quiet=True)
        for path in (tmp_path / "static").rglob("*"):
            if path.is_file() and compressor.should_compress(path.name):
                list(compressor.compress(str(path)))
        settings.ALLOWED_HOSTS = ["127.0.0.1"]

        def with_files(app):
            return WhiteNoise(
                app, root=str(tmp_path / "static"), prefix="static/", max_age=31536000
            )

        thread = LiveServerThread("127.0.0.1", with_files)
        thread.daemon = True
        thread.start()
        thread.is_ready.wait()
        assert thread.error is None, thread.error
        yield f"http://127.0.0.1:{thread.port}"
        thread.terminate()

    def test_is_small_at_first_and_smaller_after(
        self, page, compressed, vera, enter, speak
    ):
        with weighed(page) as sign_in:
            page.goto(f"{compressed}/me/sign-in/", wait_until="networkidle")
        page.context.clear_cookies()
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        enter(compressed)
        with weighed(page) as home:
            page.goto(f"{compressed}/me/", wait_until="networkidle")
        later = {}
        for address in PAGES:
            with weighed(page) as loaded:
                page.goto(f"{compressed}{address}", wait_until="networkidle")
            later[address] = sum(loaded.values())

        print(f"\nfirst load: sign-in {sum(sign_in.values()):,} bytes")  # noqa: T201
        print(f"first load: home {sum(home.values()):,} bytes")  # noqa: T201
        for address, size in later.items():
            print(f"after: {address} {size:,} bytes")  # noqa: T201
        assert sum(sign_in.values()) < FIRST_LOAD, sign_in
        assert sum(home.values()) < FIRST_LOAD, home
        assert max(later.values()) < LATER_LOAD, later


@contextmanager
def weighed(page):
    """Count what comes over the wire, headers and all, by address."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    addresses, sizes = {}, {}
    client.on(
        "Network.requestWillBeSent",
        lambda event: addresses.update({event["requestId"]: event["request"]["url"]}),
    )
    client.on(
        "Network.loadingFinished",
        lambda event: sizes.update(
            {
                addresses.get(event["requestId"], event["requestId"]): event[
                    "encodedDataLength"
                ]
            }
        ),
    )
    yield sizes
    client.detach()
