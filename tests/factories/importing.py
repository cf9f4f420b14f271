"""Imports for tests: files made of rows, received, checked and applied."""

from dataclasses import replace
from datetime import UTC, datetime

from enrolment.importing import files, mapping, services, work
from enrolment.importing.mapping import Answers
from enrolment.importing.models import ClubImport

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HEADINGS = (
    "Mobilnummer;E-post;Förnamn;Efternamn;Födelsedatum;Postnr;Medlem sedan;"
    "SMS samtycke;SMS datum;SMS källa;Kundnr;Kortnr;Status"
)
ANNA = (
    "070-174 10 01;anna@exempel.se;Anna;Åkesson;1985-04-23;753 10;2019-05-02;"
    "Ja;2019-05-02;Blankett 4;1001;;"
)


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
