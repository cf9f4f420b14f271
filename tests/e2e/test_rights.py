"""Members take their data along, ask for erasure, and change their minds."""

import io
import json
import zipfile
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from consent.models import Channel, RightsRequest
from portal.cookies import SESSION_COOKIE
from portal.services import open_session
from tests.e2e.pages import PhonePage
from tests.factories.club import buy, line
from tests.factories.members import MemberFactory
from tests.factories.portal import proven

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "+46701740605"


@pytest.fixture(params=["sv", "da", "en"])
def language(request):
    return request.param


@pytest.fixture
def vera(club, store, language, context, live_server):
    """A member who has bought, and is signed in with a fresh code."""
    now = datetime.now(UTC)
    member = MemberFactory(
        programme=club,
        phone=PHONE,
        email="vera@example.se",
        first_name="Vera",
        language=language,
    )
    proven(member, "PHONE")
    buy(member, store, line("600.00"), now=now)
    opened = open_session(member=member, channel=Channel.SMS, device="Chrome", now=now)
    context.add_cookies(
        [{"name": SESSION_COOKIE, "value": opened.key, "url": live_server.url}]
    )
    return member


class TestMyData:
    def test_is_taken_along_erased_and_kept_after_all(
        self, page, watch, live_server, vera, say, speak, language
    ):
        speak(language=language)
        page.goto(f"{live_server.url}/me/profile/")
        page.locator("a[href='/me/data/']").click()
        watch.look()

        # The file.
        page.locator("a[href='/me/data/copy/']").click()
        with page.expect_download() as fetched:
            page.get_by_role("button", name=say("Download")).click()
        content = fetched.value.path().read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            data = json.loads(archive.read("data.json"))
        assert {"data.json", "read-me.html"} <= set(names)
        assert any(name.endswith(".csv") for name in names)
        assert "Vera" in json.dumps(data)

        # Erase: what is lost and what is kept stand there before the button.
        page.goto(f"{live_server.url}/me/data/erase/")
        expect(page.locator("#lose")).to_contain_text("600")
        kept_until = datetime.now(ZoneInfo("Europe/Stockholm")).year + 7
        expect(page.locator("#keeps")).to_contain_text(str(kept_until))
        watch.look()
        page.get_by_role("button", name=say("Erase my data")).click()
        expect(page.locator("[aria-invalid=true]")).to_be_visible()
        page.get_by_label(
            say("I have read what I lose, and want my data erased")
        ).check()
        page.get_by_role("button", name=say("Erase my data")).click()

        # The day to think it over, on the first page; undone by the button.
        page.goto(f"{live_server.url}/me/")
        watch.look()
        page.get_by_role("button", name=say("Keep my data")).click()
        expect(page.get_by_role("button", name=say("Keep my data"))).to_have_count(0)
        assert RightsRequest.objects.get(kind="ERASURE").state == "CANCELLED"

        # And once more, undone by the link, without being signed in.
        page.goto(f"{live_server.url}/me/data/erase/")
        page.get_by_label(
            say("I have read what I lose, and want my data erased")
        ).check()
        page.get_by_role("button", name=say("Erase my data")).click()
        page.context.clear_cookies(name=SESSION_COOKIE)
        PhonePage(page, live_server.url).open()
        page.locator(".bubble a[href*='/me/data/undo/']").last.click()
        watch.look()
        assert RightsRequest.objects.filter(state="COOLING").exists()
        page.get_by_role("button", name=say("Keep my data")).click()
        expect(page.locator("h1")).to_have_text(say("Nothing is erased"))
        watch.look()
        assert not RightsRequest.objects.filter(state="COOLING").exists()
        vera.refresh_from_db()
        assert vera.status == "ACTIVE"
