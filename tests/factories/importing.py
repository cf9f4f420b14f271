"""Imports for tests: files made of rows, received, checked and applied."""

from dataclasses import replace
from datetime import UTC, datetime

from consent.models import ConsentEntry
from enrolment.importing import files, mapping, services, work
from enrolment.importing.mapping import Answers
from enrolment.importing.models import ClubImport, ImportRow
from enrolment.models import Registration
from members.models import Event, Identifier, Member

WRITTEN = (Member, Identifier, Event, ConsentEntry, Registration)
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HEADINGS = (
    "Mobilnummer;E-post;Förnamn;Efternamn;Födelsedatum;Postnr;Medlem sedan;"
    "SMS samtycke;SMS datum;SMS källa;Kundnr;Kortnr;Status"
)
ANNA = (
    "070-174 10 01;anna@exempel.se;Anna;Åkesson;1985-04-23;753 10;2019-05-02;"
    "Ja;2019-05-02;Blankett 4;1001;;"
)


def row(phone="", email="", **cells):
    """Return a line of the file; cells by their place after the e-mail."""
    names = "first last born post since sms sms_at sms_from id card status".split()
    return ";".join([phone, email, *(cells.get(name, "") for name in names)])


def text(*rows: str, headings: str = HEADINGS) -> bytes:
    """Return a file with these rows."""
    return "\r\n".join([headings, *rows, ""]).encode()


def receive(programme, content: bytes, *, name="club.csv", staff=None, now=NOW):
    """Store a file and take it for an import."""
    stored = files.store([content])
    return services.receive(
        programme=programme, staff=staff, stored=stored, file_name=name, now=now
    )


def check(club_import, *, now=NOW, **answers) -> ClubImport:
    """Check every row, with what was guessed and what is given."""
    guessed: Answers = mapping.from_json(club_import.mapping)
    services.set_columns(
        club_import=club_import,
        answers=replace(guessed, **{"system": "old", **answers}),
        now=now,
    )
    return run(club_import, now=now)


def run(club_import, *, now=NOW) -> ClubImport:
    """Do what a worker does."""
    work.run(clock=lambda: now, is_over=lambda: False)
    club_import.refresh_from_db()
    return club_import


def apply(club_import, *, now=NOW) -> ClubImport:
    """Import what was checked."""
    services.start(club_import=club_import, staff=None, now=now)
    return run(club_import, now=now)


def bring(programme, *rows: str, now=NOW, **answers) -> ClubImport:
    """Receive, check and import rows."""
    club_import = receive(programme, text(*rows), now=now)
    check(club_import, now=now, **answers)
    return apply(club_import, now=now)


def counts() -> dict[str, int]:
    """Return how many rows there are of what an import writes."""
    return {model.__name__: model.objects.count() for model in WRITTEN}


def codes(club_import) -> dict[int, list[str]]:
    """Return what is wrong with which rows."""
    return {
        found.row: [problem["code"] for problem in found.problems]
        for found in ImportRow.objects.filter(
            club_import=club_import, problems__isnull=False
        )
    }
