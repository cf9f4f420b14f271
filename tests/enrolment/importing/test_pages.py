"""The pages of an import, as the people see them who may and who may not."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrolment.importing import files, services
from enrolment.importing.models import ClubImport, ImportRow
from members.models import Member
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.importing import (
    ANNA,
    NOW,
    apply,
    check,
    receive,
    run,
    text,
)
from tests.factories.stores import ProgrammeFactory, StaffFactory

LIST = "/members/import/"
NEW = "/members/import/new/"
BO = "0701741002;bo@exempel.se;Bo;Öst;;;;;;;;;"
BAD = ";;=HYPERLINK(1);Kontakt;;;;;;;;;"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(desk_client, olga):
    client = desk_client(olga)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def officer(desk_client, programme):
    client = desk_client(
        StaffFactory(
            programme=programme,
            email="dora@example.com",
            role=Role.DATA_PROTECTION_OFFICER,
        )
    )
    client.cookies["language"] = "en"
    return client


def upload(client, content, name="club.csv"):
    return client.post(NEW, {"file": SimpleUploadedFile(name, content)})


def address(club_import, step=""):
    return f"{LIST}{club_import.public_id}/{step}"


def columns_of(club_import):
    """Return the second step's form as it stands when the page opens."""
    stored = club_import.mapping
    return {
        "birthdays": stored["birthdays"],
        "dates": stored["dates"],
        "mode": "FILL",
        "system": "old",
        "source": "",
        **{f"column_{place}": code for place, code in enumerate(stored["columns"])},
    }


class TestImportNew:
    def test_leads_through_every_step(self, desk, programme):
        answer = upload(desk, text(ANNA, BO, BAD))
        club_import = ClubImport.objects.get()
        assert answer.url == address(club_import, "file/")
        assert "Åkesson" in desk.get(answer.url).content.decode()

        answer = desk.post(
            answer.url,
            {
                "encoding": "utf-8",
                "delimiter": ";",
                "has_quotes": "on",
                "has_headings": "on",
            },
        )
        assert answer.url == address(club_import, "columns/")
        page = desk.get(answer.url).content.decode()
        assert re.search(r'value="SMS_AT" selected', page)

        answer = desk.post(answer.url, columns_of(club_import))
        assert answer.url == address(club_import)
        assert "Waiting its turn" in desk.get(answer.url).content.decode()
        run(club_import)
        page = desk.get(answer.url).content.decode()
        assert "Neither a mobile number nor an e-mail address." in page
        assert Member.objects.count() == 0

        desk.post(address(club_import, "start/"))
        run(club_import)
        page = desk.get(address(club_import)).content.decode()
        assert Member.objects.count() == 2
        assert "Show the members" in page

    def test_says_what_is_wrong_with_the_file(self, desk):
        answer = upload(desk, b"%PDF-1.7")

        assert answer.status_code == 422
        assert "save or export it as CSV or XLSX" in answer.content.decode()

    def test_refuses_a_file_that_is_too_large(self, desk, settings, tmp_path):
        settings.IMPORT_MAX_MB = 1

        answer = upload(desk, b"Mobil;Namn\n" + b"x;y\n" * 600_000)

        assert answer.status_code == 413
        assert "larger than 1.0" in answer.content.decode().replace("\xa0", " ")
        assert files.strays(older_than=9e12) == []

    def test_stops_reading_one_that_does_not_say_how_large_it_is(self, desk, settings):
        settings.IMPORT_MAX_MB = 1
        content = b"Mobil;Namn\n" + b"x;y\n" * 600_000

        answer = desk.post(
            NEW, {"file": SimpleUploadedFile("a.csv", content)}, CONTENT_LENGTH_HINT=""
        )

        assert answer.status_code == 413

    def test_asks_for_a_file(self, desk):
        answer = desk.post(NEW, {})

        assert answer.status_code == 422
        assert "Choose a file." in answer.content.decode()

    def test_is_guarded_against_forged_requests(self, olga, desk_client):
        client = desk_client(olga)
        client.handler.enforce_csrf_checks = True

        answer = upload(client, text(ANNA))

        assert answer.status_code == 403
        assert ClubImport.objects.count() == 0


class TestImportFile:
    def test_shows_another_way_of_reading(self, desk, programme):
        club_import = receive(programme, text(ANNA).decode().encode("cp1252"))
        layout = {"delimiter": ";", "has_quotes": "on", "has_headings": "on"}

        answer = desk.post(
            address(club_import, "file/"), {**layout, "encoding": "cp850", "again": "1"}
        )

        assert answer.url == address(club_import, "file/")
        assert "Åkesson" not in desk.get(answer.url).content.decode()

    def test_says_when_the_same_file_was_imported(self, desk, programme):
        apply(check(receive(programme, text(ANNA))))
        again = receive(programme, text(ANNA))

        page = desk.get(address(again, "file/")).content.decode()

        assert "The very same file was imported on" in page

    def test_is_not_there_for_another_club(self, desk):
        elsewhere = receive(ProgrammeFactory(), text(ANNA))

        for step in ("", "file/", "columns/", "rows/", "progress/"):
            assert desk.get(address(elsewhere, step)).status_code == 404
        assert desk.post(address(elsewhere, "start/")).status_code == 404


class TestImportColumns:
    def test_wants_a_way_to_reach_people(self, desk, programme):
        club_import = receive(programme, text(ANNA))
        chosen = columns_of(club_import) | {"column_0": "", "column_1": ""}

        answer = desk.post(address(club_import, "columns/"), chosen)

        assert answer.status_code == 422
        assert "Say which column holds the mobile number" in answer.content.decode()

    def test_takes_nothing_twice(self, desk, programme):
        club_import = receive(programme, text(ANNA))
        chosen = columns_of(club_import) | {"column_2": "EMAIL"}

        answer = desk.post(address(club_import, "columns/"), chosen)

        assert answer.status_code == 422
        assert "is chosen for another column already" in answer.content.decode()

    def test_wants_the_name_of_the_system_whose_ids_it_takes(self, desk, programme):
        club_import = receive(programme, text(ANNA))
        chosen = columns_of(club_import) | {"system": ""}

        answer = desk.post(address(club_import, "columns/"), chosen)

        assert "Name the system whose ids the file holds." in answer.content.decode()


class TestImportRows:
    def many(self, programme, count):
        lines = [f";;Rad{number};Kontakt;;;;;;;;;" for number in range(count)]
        return check(receive(programme, text(ANNA, *lines)))

    def test_are_shown_page_by_page(self, desk, programme):
        club_import = self.many(programme, 60)

        first = desk.get(address(club_import, "rows/")).content.decode()
        last = desk.get(address(club_import, "rows/"), {"page": 3}).content.decode()

        assert first.count('class="finding"') == 25
        assert last.count('class="finding"') == 10

    def test_are_filtered(self, desk, programme):
        line = "0701741005;fel;C;D;;;;;;;;;"
        club_import = check(receive(programme, text(ANNA, BAD, line)))

        def shown(**chosen):
            page = desk.get(address(club_import, "rows/"), chosen, headers=HTMX)
            return re.findall(r"<code[^>]*>(\w+)</code>", page.content.decode())

        assert shown() == ["no_contact", "email_left_out"]
        assert shown(kind="refused") == ["no_contact"]
        assert shown(code="email_left_out") == ["email_left_out"]

    def test_cost_as_many_queries_for_few_as_for_many(self, desk, programme):
        few, many = self.many(programme, 2), self.many(programme, 25)

        counted = []
        for club_import in (few, many):
            with CaptureQueriesContext(connection) as queries:
                desk.get(address(club_import, "rows/"))
            counted.append(len(queries))

        assert counted[0] == counted[1]

    def test_leave_as_a_file_that_runs_nothing_and_can_come_back(self, desk, programme):
        phone = "+46701741001;;=HYPERLINK(1);Dubbel;;;;;;;;;"
        club_import = check(receive(programme, text(ANNA, phone)))

        answer = desk.post(address(club_import, "refused/"))

        content = b"".join(answer.streaming_content)
        assert b"'=HYPERLINK(1)" in content
        assert b"'+46701741001" in content
        entry = AuditEntry.objects.get(action="import.refused_downloaded")
        assert entry.data["rows"] == 1
        again = check(receive(programme, content))
        assert again.report["outcomes"] == {"NEW": 1}
        assert ImportRow.objects.get(club_import=again).phone == "+46701741001"


class TestImportList:
    def test_says_who_brought_what_and_what_came_of_it(self, desk, programme, olga):
        stored = files.store([text(ANNA, BAD)])
        club_import = services.receive(
            programme=programme,
            staff=olga,
            stored=stored,
            file_name="klubb.csv",
            now=NOW,
        )
        apply(check(club_import))

        page = desk.get(LIST).content.decode()

        assert "klubb.csv" in page
        assert "Olga Berg" in page
        assert len(re.findall(r'class="r"[^>]*>1</td>', page)) == 2

    def test_costs_as_many_queries_for_few_as_for_many(self, desk, programme):
        counted = []
        for _round in range(2):
            for _import in range(3):
                receive(programme, text(ANNA))
            with CaptureQueriesContext(connection) as queries:
                desk.get(LIST)
            counted.append(len(queries))

        assert counted[0] == counted[1]


class TestTheOfficer:
    def test_sees_and_changes_nothing(self, officer, programme):
        club_import = check(receive(programme, text(ANNA, BAD)))

        page = officer.get(address(club_import)).content.decode()

        assert "Neither a mobile number" in page
        assert "/start/" not in page
        assert officer.post(address(club_import, "start/")).status_code == 403
        assert officer.get(NEW).status_code == 403


class TestImportProgress:
    def test_answers_with_the_bar_and_then_leads_on(self, desk, programme):
        club_import = check(receive(programme, text(ANNA)))
        services.start(club_import=club_import, staff=None, now=NOW)
        url = address(club_import, "progress/")

        working = desk.get(url, headers=HTMX)
        run(club_import)
        over = desk.get(url, headers=HTMX)

        assert 'role="progressbar"' in working.content.decode()
        assert over["HX-Redirect"] == address(club_import)
        assert desk.get(url).url == address(club_import)

    def test_is_paused_and_resumed(self, desk, programme):
        club_import = check(receive(programme, text(ANNA)))
        desk.post(address(club_import, "start/"))
        desk.post(address(club_import, "pause/"))

        assert "Go on" in desk.get(address(club_import)).content.decode()
        desk.post(address(club_import, "resume/"))
        run(club_import)

        club_import.refresh_from_db()
        assert club_import.state == ClubImport.State.DONE

    def test_says_so_when_a_step_does_not_fit(self, desk, programme):
        club_import = check(receive(programme, text(ANNA)))

        answer = desk.post(address(club_import, "pause/"), follow=True)

        assert "does not fit where the import stands" in answer.content.decode()
