"""Pictures of every screen for people to look at: `make screens` → var/screens/.

Every page is also held against axe and the browser's console, once per language and
theme at the widest size.
"""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from loyalty.access import TABLE
from members.models import DuplicatePair, Member, Merge
from offers.models import StampCard
from offers.vouchers.services import Gift, give_voucher
from points.models import GoodwillReason
from portal.cookies import SESSION_COOKIE
from stores.access import Audience
from stores.models import Staff, Store, TillDevice
from stores.roles import Role
from stores.services import add_device
from tests.e2e import scenes
from tests.e2e.camera import FOLDER, SIZES, Camera
from tests.e2e.pages import PhonePage, PortalPage, TillPage
from tests.factories.club import buy, line
from tests.factories.portal import signed_in

pytestmark = [
    pytest.mark.screens,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(1800),
]

TILL_SIZES = {"landscape": (1180, 820), **SIZES}
# Parts of pages, downloads, and what only leads on.
NO_SCREEN = {
    "account_logout",
    "common:search",
    "common:styleguide-progress",
    "mfa_download_recovery_codes",
    "members:member-export",
    "points:leaflet-pdf",
    "stores:account-pin",
}
# Taken in a few looks each, with what a privacy desk lives through.
IN_FEW = ("privacy:", "message-desk:", "points:", "tiers:", "offers:", "goodwill:")
DEMO_PHONE = "+46701740605"


@pytest.fixture
def demo(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    call_command("demo", size="small", stdout=StringIO())
    return Member.objects.get(phone=DEMO_PHONE)


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
        "tiers:": member.public_id,
        "offers:voucher": give_voucher(
            member=member,
            gift=Gift(Decimal(50)),
            reason="A late delivery",
            key="for the camera",
            now=datetime.now(UTC),
        ).public_id,
        "offers:card": StampCard.objects.values_list("public_id", flat=True).first(),
        "goodwill:reason": GoodwillReason.objects.order_by("order")[0].public_id,
        "goodwill:store": Store.objects.order_by("pk").first().public_id,
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

        receipt = demo.receipts.order_by("pk").last()
        bought = reverse("purchases:receipt", args=[demo.public_id, receipt.public_id])

        for _look in camera.looks():
            camera.take("desk-purchases-receipt", bought)
            for name, address in desk_pages(demo):
                if not name.startswith(IN_FEW):
                    camera.take(f"desk-{name.replace(':', '-')}", address)

        assert (FOLDER / "desk-home.desktop.dark.en.png").exists()

    def test_of_signing_in_are_taken(self, camera, demo):
        for _look in camera.looks():
            camera.take("desk-sign-in", reverse("account_login"))


class TestPrivacyScreens:
    """The privacy desk, the programme and its benefits, and what members see."""

    @pytest.fixture
    def scene(self, demo):
        return scenes.play(demo)

    def test_of_the_desk_are_taken(self, camera, page, live_server, demo, scene):
        client = Client()
        client.force_login(
            Staff.objects.get(email="olga@example.com"),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        enter_session(page, live_server.url, client)
        lists = {
            name.replace(":", "-"): address
            for name, address in desk_pages(demo)
            if name.startswith(IN_FEW)
        }
        pages = {**lists, **scene.desk}

        camera.take_few([(f"desk-{name}", pages[name]) for name in sorted(pages)])

    def test_of_the_members_are_taken(self, camera, page, live_server, scene):
        by_link = {"privacy-notice": "/privacy-notice/", **scene.by_link}
        camera.take_few([(f"portal-{name}", by_link[name]) for name in by_link])

        client = signed_in(scene.member, now=datetime.now(UTC))
        cookie = client.cookies[SESSION_COOKIE]
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
        )
        camera.take_few(
            [
                (f"portal-{name}", f"/me/{address}")
                for name, address in (
                    ("home-asked-again", ""),
                    ("choices", "choices/"),
                    ("data", "data/"),
                    ("data-copy", "data/copy/"),
                    ("data-ask", "data/ask/correction/"),
                    ("data-erase", "data/erase/"),
                    ("renewals", "renewals/"),
                )
            ]
        )


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
            camera.take("till-how-it-works", "/till/how-it-works/")
            for name, number in self.numbers().items():
                page.goto(f"{live_server.url}/till/")
                page.locator("#pad-number").fill(number)
                with page.expect_response("**/till/find/"):
                    page.locator("#find").click()
                page.locator("#answer .pane__do").wait_for()
                camera.take(f"till-{name}")
            known = f"/till/goodwill/{demo.public_id}/"
            camera.take("till-goodwill-reasons", known)
            camera.take("till-goodwill-amounts", f"{known}long-queue/")
            camera.take("till-goodwill-voucher", f"{known}long-queue/?form=voucher")
            page.goto(f"{live_server.url}{known}long-queue/")
            page.locator(".amount[value='250']").click()
            page.locator("#manager-pin").wait_for()
            camera.take("till-goodwill-approve")
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
        voucher = give_voucher(
            member=demo,
            gift=Gift(Decimal(50)),
            reason="A late delivery",
            key="for the camera",
            now=datetime.now(UTC),
        )

        for _look in camera.looks():
            for name, address in (
                ("home", "/me/"),
                ("card", "/me/card/"),
                ("receipts", "/me/receipts/"),
                ("receipt", f"/me/receipts/{receipt.public_id}/"),
                ("me", "/me/profile/"),
                ("vouchers", "/me/vouchers/"),
                ("voucher", f"/me/vouchers/{voucher.public_id}/"),
                ("stamp-cards", "/me/stamp-cards/"),
                ("tier", "/me/tier/"),
                ("invite", "/me/invite/"),
                ("details", "/me/details/"),
                ("help", "/me/help/"),
                ("how-it-works", "/me/how-it-works/"),
            ):
                camera.take(f"portal-{name}", address)
