"""The browser, what it must not complain about, and a club that is open."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from django.utils import translation
from playwright.sync_api import BrowserContext, Page

from stores.services import add_device, set_pin
from tests.browser_plugin import chromium
from tests.factories.club import open_club
from tests.factories.stores import DeviceFactory, TillFactory
from till.guards import DEVICE_COOKIE

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# All that another theme can change.
COLOURS = ["color-contrast"]
VIOLATIONS = """async (options) => {
    const found = await axe.run(options);
    return found.violations.map(
        (each) => `${each.id}: ${JSON.stringify(each.nodes.map((n) => n.target))}`);
}"""
PIN = "7391"


@pytest.fixture(scope="session", autouse=True)
def _playwright_beside_django():
    # Playwright's sync API keeps a loop running in this thread, which Django takes
    # for an async view; the database is not used from that loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def base_url():
    """Stand in for the plugin's own, which the newest pytest warns about.

    Every test has a server of its own and writes whole addresses.
    """
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {
        **browser_type_launch_args,
        "executable_path": chromium(),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@pytest.fixture(autouse=True)
def _answered_to_the_end(context):
    """Let the last requests finish, so that none holds on to the test database."""
    yield
    for open_page in context.pages:
        open_page.wait_for_load_state("networkidle")


# For walks in which nothing hangs on the words: each way in is walked in both.
in_one_language = pytest.mark.parametrize("language", ["sv"], indirect=True)


@dataclass
class Watch:
    """Looks over a page's shoulder: errors, the policy, and axe."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._answered)

    def _heard(self, message) -> None:
        # A refused form answers 422, which the browser notes as a failed load.
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _answered(self, response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")

    def look(self, rules: list[str] = RULES) -> None:
        """Hold the page against axe, the policy and its own scripts."""
        # Once for each document, and only what is wrong comes back: the wrapper of the
        # package reads axe in each time and brings all that it has looked at.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        violations = self.page.evaluate(
            VIOLATIONS, {"runOnly": rules, "resultTypes": ["violations"]}
        )
        assert violations == [], self.page.url
        assert self.complaints == [], self.page.url


@pytest.fixture
def watch(page):
    return Watch(page)


@pytest.fixture(params=["sv", "en"])
def language(request):
    return request.param


@pytest.fixture
def say(language):
    """Return what the pages say, in the language of the walk."""

    def words(text, sense="", **values):
        with translation.override(language):
            said = (
                translation.pgettext(sense, text)
                if sense
                else translation.gettext(text)
            )
        return said % values if values else said

    return words


@pytest.fixture
def speak(context: BrowserContext, live_server):
    """Choose language and theme as the switches do."""

    def choose(**cookies):
        context.add_cookies(
            [
                {"name": name, "value": value, "url": live_server.url}
                for name, value in cookies.items()
            ]
        )

    return choose


@pytest.fixture
def club(programme, store, settings, live_server):
    """A club that is open, with links that lead to this server."""
    settings.PUBLIC_URL = live_server.url
    open_club(programme)
    return programme


@pytest.fixture
def clerk(carl, olga):
    return set_pin(staff=carl, pin=PIN, actor=olga, now=datetime.now(UTC))


@pytest.fixture
def device_code(club, store, olga):
    _device, code = add_device(
        store=store,
        name="Surfplatta",
        till=TillFactory(store=store, name="Kassa 2"),
        actor=olga,
        now=datetime.now(UTC),
    )
    return code


@pytest.fixture
def at_till(clerk, store, context, live_server):
    """Let Carl stand at an enrolled device; the walks of the till enter by the door."""
    device = DeviceFactory(store=store, till=TillFactory(store=store, name="Kassa 2"))
    client = Client()
    client.cookies[DEVICE_COOKIE] = device.plain_key
    client.post(f"/till/staff/{clerk.public_id}/", {"pin": PIN})
    context.add_cookies(
        [
            {"name": name, "value": morsel.value, "url": live_server.url}
            for name, morsel in client.cookies.items()
        ]
    )
    return device


@pytest.fixture
def desk(context, live_server, desk_client):
    """Sign a person in to the desk."""

    def sign_in(staff):
        cookie = desk_client(staff).cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
        )

    return sign_in
