"""Pictures of every screen for people to look at: `make screens` → var/screens/.

Every page is also held against axe and the browser's console, once per language and
theme at the widest size.
"""

from datetime import UTC, datetime
from io import StringIO
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from loyalty.access import TABLE
from members.models import DuplicatePair, Member, Merge
from stores.access import Audience
from stores.models import Staff, Store, TillDevice
from stores.roles import Role
from stores.services import add_device
from tests.e2e.conftest import Watch
from tests.e2e.pages import PhonePage, PortalPage, TillPage
from tests.factories.club import buy, line

pytestmark = [
    pytest.mark.screens,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(1800),
]

FOLDER = Path(settings.VAR_DIR) / "screens"
SIZES = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
TILL_SIZES = {"landscape": (1180, 820), **SIZES}
LOOKS = list(product(("light", "dark"), ("sv", "en")))
# Parts of pages, downloads, and what only leads on.
NO_SCREEN = {
    "account_logout",
    "common:search",
    "common:styleguide-progress",
    "mfa_download_recovery_codes",
    "members:member-export",
    "stores:account-pin",
}
DEMO_PHONE = "+46701740605"


@pytest.fixture
def demo(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    call_command("demo", size="small", stdout=StringIO())
    return Member.objects.get(phone=DEMO_PHONE)


class Camera:
    """Takes pictures in every size, theme and language."""

    def __init__(self, page, url, sizes):
        self.page, self.url, self.sizes = page, url, sizes
        self.watch = Watch(page)
        self.theme, self.language = LOOKS[0]

    def looks(self):
        for self.theme, self.language in LOOKS:
            self.page.context.add_cookies(
                [
                    {"name": name, "value": value, "url": self.url}
                    for name, value in (
                        ("theme", self.theme),
                        ("language", self.language),
                    )
                ]
            )
            yield

    def take(self, name, address=None, *, check=True):
        """Take one page, or the page as it stands, in every size."""
        for size, (width, height) in self.sizes.items():
            self.page.set_viewport_size({"width": width, "height": height})
            if address is not None:
                self.page.goto(f"{self.url}{address}", wait_until="networkidle")
            # As tall as the page, so that a bar at the foot stands at its foot.
            whole = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": width, "height": max(height, whole)})
            path = FOLDER / f"{name}.{size}.{self.theme}.{self.language}.png"
            self.page.screenshot(path=path, animations="disabled")
        if check:
            self.watch.look()


@pytest.fixture
def camera(page, live_server):
    return Camera(page, live_server.url, SIZES)


def enter_session(page, url, client):
    cookie = client.cookies["session"]
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": url}])


def desk_pages(member):
    """Return the name and address of every page of the desk that the owner may open."""
    # The first that fits; what has none in the demo (a running import) is left out.
    ids = {
        "members:duplicate": DuplicatePair.objects.filter(state="OPEN")[0].public_id,
        "members:merge": Merge.objects.get().public_id,
        "members:": member.public_id,
        "enrolment:poster": Store.objects.order_by("pk").first().public_id,
        "stores:staff": Staff.objects.get(email="carl@example.com").public_id,
        "stores:store": Store.objects.order_by("pk").first().public_id,
    }
    for name, access in sorted(TABLE.items()):
        roles = access.roles("GET") or ()
        is_part = name.endswith("-panel") or name in NO_SCREEN
        if access.audience is not Audience.DESK or Role.OWNER not in roles or is_part:
            continue
        try:
            yield name, reverse(name)
        except NoReverseMatch:
            public_id = next(
                (i for start, i in ids.items() if name.startswith(start)), None
            )
            if public_id is None:
                continue
            try:
                yield name, reverse(name, kwargs={"public_id": public_id})
            except NoReverseMatch:
                continue


class TestDeskScreens:
    def test_are_taken(self, camera, page, live_server, demo):
        client = Client()
        client.force_login(
            Staff.objects.get(email="olga@example.com"),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        enter_session(page, live_server.url, client)

        for _look in camera.looks():
            for name, address in desk_pages(demo):
                camera.take(f"desk-{name.replace(':', '-')}", address)

        assert (FOLDER / "desk-home.desktop.dark.en.png").exists()

    def test_of_signing_in_are_taken(self, camera, demo):
        for _look in camera.looks():
            camera.take("desk-sign-in", reverse("account_login"))


class TestTillScreens:
    def test_are_taken(self, camera, page, live_server, demo, speak):
        camera.sizes = TILL_SIZES
        store = Store.objects.filter(
            role_grants__staff__email="carl@example.com"
        ).first()
        olga = Staff.objects.get(email="olga@example.com")
        _device, code = add_device(
            store=store, name="Kassa 2", till=None, actor=olga, now=datetime.now(UTC)
        )
        speak(language="en")
        till = TillPage(page, live_server.url, str)
        for _look in camera.looks():
            camera.take("till-enrol", "/till/enrol/")
        speak(language="en")
        till.enrol(code)
        for _look in camera.looks():
            camera.take("till-staff", "/till/staff/")
            person = Staff.objects.get(email="carl@example.com")
            camera.take("till-pin", f"/till/staff/{person.public_id}/")
        speak(language="en")
        page.goto(f"{live_server.url}/till/staff/")
        till.choose("Carl Ek")
        till.type_keys("7294")
        till.sign_in()

        for _look in camera.looks():
            TillDevice.objects.update(last_seen_at=None)
            camera.take("till-home", "/till/")
            for name, number in self.numbers().items():
                page.goto(f"{live_server.url}/till/")
                page.locator("#pad-number").fill(number)
                with page.expect_response("**/till/find/"):
                    page.locator("#find").click()
                page.locator("#answer .pane__do").wait_for()
                camera.take(f"till-{name}")
            if camera.language == "en":
                page.goto(f"{live_server.url}/till/")
                page.locator("#pad-number").fill(f"07017499{len(camera.theme):02d}")
                page.locator("#find").click()
                page.locator("#register").click()
                page.locator(".tile--good").wait_for()
                camera.take("till-registered")

    def numbers(self):
        def one(status):
            return Member.objects.filter(status=status).exclude(phone="").first().phone

        return {
            "known": DEMO_PHONE,
            "new": "070-174 99 99",
            "pending": one(Member.Status.PENDING),
            "left": one(Member.Status.LEFT),
            "number-invalid": "08-123 456 78",
            "country-closed": "+354 611 1234",
            "card-unknown": "ABCDEFGH",
        }


class TestPortalScreens:
    def test_are_taken(self, camera, page, live_server, demo, speak):
        portal = PortalPage(page, live_server.url, str)
        for _look in camera.looks():
            camera.take("portal-sign-in", "/me/sign-in/")
        speak(language="en")
        portal.ask_for_code(DEMO_PHONE)
        for _look in camera.looks():
            camera.take("portal-code", "/me/sign-in/code/")
        for _look in camera.looks():
            camera.take("simulator", "/dev/outbox/")
        speak(language="en")
        portal.enter(PhonePage(page, live_server.url).code())
        page.wait_for_url("**/me/")
        receipt = buy(
            demo,
            demo.home_store or Store.objects.order_by("pk").first(),
            line("1249.00", name="Vinterkängor Fjäll"),
            line("49.00", name="Presentkort", article_group="Presentkort"),
            now=datetime.now(UTC),
        )

        for _look in camera.looks():
            for name, address in (
                ("home", "/me/"),
                ("card", "/me/card/"),
                ("receipts", "/me/receipts/"),
                ("receipt", f"/me/receipts/{receipt.public_id}/"),
                ("choices", "/me/choices/"),
                ("me", "/me/profile/"),
                ("details", "/me/details/"),
                ("help", "/me/help/"),
            ):
                camera.take(f"portal-{name}", address)
