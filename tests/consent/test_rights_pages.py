"""The desk's pages about requests: who may do what, and how many queries it takes."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent import rights
from consent.models import AnswerTemplate, RightsRequest
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.members import MemberFactory
from tests.factories.portal import proven
from tests.factories.stores import StaffFactory

LIST = "/privacy/requests/"


@pytest.fixture
def vera(programme):
    return MemberFactory(
        programme=programme, phone="+46701740605", email="vera@example.se"
    )


@pytest.fixture
def sara(programme):
    """Customer service."""
    return StaffFactory(programme=programme, name="Sara Ek", role=Role.CUSTOMER_SERVICE)


def ask(member, kind="ACCESS", *, proof="SEEN", now=None, **more):
    return rights.receive(
        member=member,
        kind=kind,
        source="LETTER",
        proof=proof,
        now=now or datetime.now(UTC),
        **more,
    )


def address(asked, action="", *, officer=False):
    if not action:
        return f"{LIST}{asked.public_id}/"
    way = "carry-out" if officer else "do"
    return f"{LIST}{asked.public_id}/{way}/{action}/"


@pytest.mark.django_db
class TestList:
    def test_shows_what_is_overdue_and_takes_few_queries(
        self, programme, olga, desk_client
    ):
        client = desk_client(olga)
        now = datetime.now(UTC)
        for days in (0, 40):
            ask(
                MemberFactory(programme=programme),
                now=now,
                received_at=now - timedelta(days=days),
            )
        client.get(LIST)
        with CaptureQueriesContext(
            connection,
        ) as few:
            page = client.get(LIST)
        for _ in range(8):
            ask(MemberFactory(programme=programme), now=now)
        with CaptureQueriesContext(connection) as many:
            client.get(LIST)

        assert "pill--bad" in page.content.decode()
        assert len(many) <= len(few)
        overdue = client.get(f"{LIST}?which=overdue").content.decode()
        assert overdue.count("/privacy/requests/0") == 1


@pytest.mark.django_db
class TestReceive:
    @pytest.mark.parametrize("way", ["number", "phone", "email"])
    def test_finds_the_member_by_what_they_gave(self, vera, sara, desk_client, way):
        typed = {
            "number": vera.number,
            "phone": "070-174 06 05",
            "email": "VERA@example.se",
        }

        answer = desk_client(sara).post(
            f"{LIST}new/",
            {
                "who": typed[way],
                "kind": "ACCESS",
                "source": "LETTER",
                "received_on": datetime.now(UTC).date() - timedelta(days=2),
                "words": "Vad vet ni?",
            },
        )

        assert answer.status_code == 302
        assert RightsRequest.objects.get().member == vera

    def test_keeps_what_was_typed_when_nobody_is_found(self, olga, desk_client):
        answer = desk_client(olga).post(
            f"{LIST}new/", {"who": "070-999", "words": "Vad vet ni?"}
        )

        assert answer.status_code == 422
        assert "Vad vet ni?" in answer.content.decode()


@pytest.mark.django_db
class TestRoles:
    @pytest.mark.parametrize("action", ["copy", "erase", "object", "restrict", "lift"])
    def test_customer_service_carries_nothing_out(
        self, vera, sara, desk_client, action
    ):
        asked = ask(vera, "ERASURE")

        answer = desk_client(sara).post(
            address(asked, action, officer=True), {"reason": "för medlemmen"}
        )

        assert answer.status_code == 403
        asked.refresh_from_db()
        assert asked.state == "OPEN"

    def test_customer_service_answers(self, vera, sara, desk_client):
        asked = ask(vera, "RECTIFICATION")

        answer = desk_client(sara).post(
            address(asked, "answer"), {"text": "Rättat.", "by": "message"}
        )

        asked.refresh_from_db()
        assert (answer.status_code, asked.answer) == (302, "Rättat.")


@pytest.mark.django_db
class TestDetail:
    def test_fills_the_words_in_the_members_language(self, vera, olga, desk_client):
        asked = ask(vera)

        page = desk_client(olga).get(address(asked)).content.decode()

        assert "Hej Vera," in page
        assert "Integritetsskyddsmyndigheten" in page
        assert "{name}" not in page

    def test_notes_who_looked(self, vera, olga, desk_client):
        asked = ask(vera)

        desk_client(olga).get(address(asked))

        assert AuditEntry.objects.filter(
            action="member.viewed", member_id=vera.public_id
        ).exists()

    def test_says_a_wrong_code_where_it_was_typed(self, vera, olga, desk_client):
        proven(vera, "PHONE")
        asked = ask(vera, proof="")
        client = desk_client(olga)
        client.post(address(asked, "code"), {"channel": "SMS"})

        answer = client.post(
            address(asked, "prove"), {"channel": "SMS", "code": "000000"}
        )

        asked.refresh_from_db()
        assert (answer.status_code, asked.state) == (422, "UNPROVEN")

    def test_gives_the_copy_with_a_reason_and_on_record(self, vera, olga, desk_client):
        asked = ask(vera)
        client = desk_client(olga)

        refused = client.post(address(asked, "copy", officer=True), {"reason": ""})
        answer = client.post(
            address(asked, "copy", officer=True), {"reason": "skickas med posten"}
        )

        assert refused.status_code == 422
        content = b"".join(answer.streaming_content)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert vera.phone in archive.read("data.json").decode()
        asked.refresh_from_db()
        assert asked.state == "DONE"
        assert AuditEntry.objects.filter(action="rights.downloaded").count() == 1

    def test_gives_no_copy_before_it_is_known_who_asks(self, vera, olga, desk_client):
        asked = ask(vera, proof="")

        answer = desk_client(olga).post(
            address(asked, "copy", officer=True), {"reason": "skickas med posten"}
        )

        assert answer.status_code == 302
        assert not AuditEntry.objects.filter(action="rights.downloaded").exists()


@pytest.mark.django_db
class TestTemplates:
    def test_are_written_and_refused_with_unknown_names(
        self, programme, olga, desk_client
    ):
        client = desk_client(olga)
        values = {"kind": "ACCESS", "language": "sv", "title": "Kort"}

        refused = client.post(f"{LIST}templates/new/", {**values, "body": "Hej {nmae}"})
        for _ in range(2):
            answer = client.post(
                f"{LIST}templates/new/", {**values, "body": "Hej {name}"}
            )

        assert refused.status_code == 422
        # The second of the same name.
        assert answer.status_code == 422
        assert AnswerTemplate.objects.get().body == "Hej {name}"


@pytest.mark.django_db
class TestRecord:
    def test_comes_as_a_table_and_for_machines_on_record(self, olga, desk_client):
        client = desk_client(olga)

        table = b"".join(client.post("/privacy/record/file/csv/").streaming_content)
        content = json.loads(client.post("/privacy/record/file/json/").content)

        assert len(content["entries"]) > 40
        assert table.count(b"\n") > 40
        assert AuditEntry.objects.filter(action="rights.record_fetched").count() == 2
