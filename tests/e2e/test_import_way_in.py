"""From a file of an existing club to a member's own pages with points."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from members.models import Member
from messaging.models import Message
from tests.e2e.pages import PhonePage, PortalPage
from tests.e2e.test_first_purchase import receipt
from tests.factories.importing import ANNA, text

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PHONE = "0701741001"
BAD = ";;Ingen;Kontakt;;;;;;;;;"


@pytest.fixture
def at_the_desk(page, live_server, olga):
    client = Client()
    client.force_login(
        olga, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    page.context.add_cookies(
        [
            {
                "name": "session",
                "value": client.cookies["session"].value,
                "url": live_server.url,
            }
        ]
    )
    return page


class TestImport:
    def test_leads_from_a_file_to_points(
        self,
        at_the_desk,
        watch,
        live_server,
        club,
        api_key,
        settings,
        tmp_path,
        say,
        speak,
        language,
    ):
        speak(language=language)
        settings.IMPORT_DIR = tmp_path / "imports"
        page = at_the_desk
        file = tmp_path / "klubb.csv"
        file.write_bytes(text(ANNA, BAD).decode().encode("cp1252"))

        # The file: chosen, and read as it should be.
        page.goto(f"{live_server.url}/members/import/")
        watch.look()
        page.get_by_role("link", name=say("Import members")).first.click()
        watch.look()
        page.get_by_label(say("File"), exact=True).set_input_files(file)
        page.get_by_role("button", name=say("Upload")).click()
        expect(page.get_by_role("cell", name="Åkesson")).to_be_visible()
        watch.look()
        page.get_by_role("button", name=say("Yes, go on")).click()

        # The columns are guessed; only the old system's name is missing.
        expect(page.get_by_label("Mobilnummer", exact=True)).to_have_value("PHONE")
        page.get_by_label(say("The old system's name")).fill("old")
        watch.look()
        page.get_by_role("button", name=say("Check every row")).click()

        # The dry run: one is refused, and says why.
        start = page.get_by_role("button", name=say("Import", "verb"), exact=True)
        expect(start).to_be_visible()
        assert Member.objects.count() == 0
        watch.look()
        page.get_by_role("link", name=say("Show the rows")).click()
        reason = say("Neither a mobile number nor an e-mail address.")
        rows = page.get_by_role("region", name=say("Rows with something wrong"))
        expect(rows.get_by_text(reason)).to_be_visible()
        watch.look()
        page.go_back()
        start.click()
        expect(page.get_by_role("link", name=say("Show the members"))).to_be_visible()
        watch.look()
        assert Message.objects.count() == 0

        # The member buys by the number, and finds the points on their own pages.
        answer = page.request.post(
            f"{live_server.url}/api/v1/receipts",
            data=receipt(1, phone=PHONE),
            headers={
                "Authorization": f"Bearer {api_key.plain}",
                "Idempotency-Key": "receipt-1",
            },
        )
        assert answer.status == 201, answer.text()
        portal = PortalPage(page, live_server.url, say)
        portal.ask_for_code(PHONE)
        portal.enter(PhonePage(page, live_server.url).code())
        expect(page.get_by_role("heading", level=1)).to_contain_text("Anna")
        expect(portal.points).to_have_text("640")
