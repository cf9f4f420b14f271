"""The dry run: read the file, understand every row, compare, count. Changes nothing.

Goes on where a worker that died stopped: what is read and where reading stands are
written in one transaction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from common.apart import apart
from common.copying import copy_rows
from enrolment.importing import excel, files, mapping, matching, parsing
from enrolment.importing.cells import copied_cells
from enrolment.importing.excel import FileRefused
from enrolment.importing.mapping import Answers
from enrolment.importing.models import ClubImport, ImportBatch, ImportRow
from enrolment.importing.reading import EXCEL, Layout, Rows
from stores.models import Programme, Store

# Rows that are read, and later take effect, in one transaction.
BATCH = 5000
# A worker that has said nothing for so long is taken for dead.
SILENCE = timedelta(seconds=60)
State = ClubImport.State
Clock = Callable[[], datetime]

_CLAIM = """
UPDATE enrolment_clubimport SET claim = %(claim)s, beat_at = %(now)s
WHERE id = (
    SELECT id FROM enrolment_clubimport
    WHERE state = 'CHECKING' AND (beat_at IS NULL OR beat_at < %(silent)s)
    ORDER BY check_started_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
# A crash loses a batch that was answered for, and the one before it is gone on from.
_UNHURRIED = "SET LOCAL synchronous_commit = off"


class ClaimLost(Exception):
    """Raised when the import was cancelled, or another worker goes on with it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows ready to be written."""

    lines: list[str]
    first: int
    last: int
    rows_read: int
    bytes_read: int


def claim(*, now: datetime) -> ClubImport | None:
    """Take an import that is to be checked and that nobody is checking."""
    token = uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"claim": token, "now": now, "silent": now - SILENCE})
        row = cursor.fetchone()
    if row is None:
        return None
    found: ClubImport = ClubImport.objects.select_related("programme").get(pk=row[0])
    return found


def check(
    club_import: ClubImport, *, clock: Clock, is_over: Callable[[], bool]
) -> bool:
    """Check a claimed import as far as time allows; tell whether it is done."""
    try:
        try:
            if not _read(club_import, clock, is_over):
                return False
            _finish(club_import, clock)
        except FileRefused as refused:
            _fail(club_import, refused.code, clock())
        except FileNotFoundError:
            _fail(club_import, "file_gone", clock())
    except ClaimLost:
        return True
    return True


def club_of(programme: Programme) -> parsing.Club:
    """Return what rows are read against."""
    stores = Store.objects.filter(programme=programme).values_list("code", "pk")
    return parsing.Club(
        country=programme.country,
        zone=programme.zone,
        language=programme.language,
        languages=frozenset(code for code, _label in settings.LANGUAGES),
        stores={code.casefold(): pk for code, pk in stores},
    )


def text_file(
    club_import: ClubImport, *, beat: Callable[[], None]
) -> tuple[Path, Layout]:
    """Return the file as text and how to read it; a workbook is written out first.

    Raises:
        FileRefused: the workbook cannot be read.
        FileNotFoundError: the file has been deleted.
    """
    layout = Layout(**club_import.layout)
    path = files.path_of(club_import.public_id)
    if layout.format != EXCEL:
        return path, layout
    target = files.path_of(club_import.public_id, ending=".csv")
    if not target.exists():
        excel.write_out(path, layout.sheet, target, beat=beat)
    text = Layout(
        encoding=excel.TEXT.encoding,
        delimiter=excel.TEXT.delimiter,
        has_headings=layout.has_headings,
    )
    return target, text


def _read(club_import: ClubImport, clock: Clock, is_over: Callable[[], bool]) -> bool:
    def beat() -> None:
        with transaction.atomic():
            _beat(club_import, clock())

    path, layout = text_file(club_import, beat=beat)
    answers = mapping.from_json(club_import.mapping)
    parser = parsing.Parser(
        club_import.pk,
        answers,
        club_of(club_import.programme),
        width=len(answers.columns),
        now=club_import.check_started_at or clock(),
    )
    rows = Rows(path, layout)
    chunks = _chunks(rows, parser, layout, after=club_import.rows_read)
    for chunk in apart(chunks):
        with transaction.atomic():
            _write(club_import, chunk, clock())
        if is_over():
            _release(club_import)
            return False
    return True


def _chunks(
    rows: Rows, parser: parsing.Parser, layout: Layout, *, after: int
) -> Iterator[Chunk]:
    lines: list[str] = []
    first = 0
    is_heading = layout.has_headings
    line = parser.line
    for number, cells in rows:
        if is_heading:
            is_heading = False
            continue
        if number <= after:
            continue
        if not lines:
            first = number
        lines.append(line(number, cells))
        if len(lines) == BATCH:
            yield Chunk(lines, first, number, number, rows.bytes_read)
            lines = []
    if lines:
        yield Chunk(lines, first, rows.number, rows.number, rows.bytes_read)


def _write(club_import: ClubImport, chunk: Chunk, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UNHURRIED)
    current = _beat(club_import, now)
    if current.rows_read >= chunk.first:
        # Another worker took over while this one was thought dead, and went on.
        raise ClaimLost
    copy_rows("enrolment_importrow", parsing.COPIED, chunk.lines)
    ImportBatch.objects.create(
        club_import=club_import, first_row=chunk.first, last_row=chunk.last
    )
    ClubImport.objects.filter(pk=club_import.pk).update(
        rows_read=chunk.rows_read,
        bytes_read=chunk.bytes_read,
        rows=current.rows + len(chunk.lines),
    )


def _finish(club_import: ClubImport, clock: Clock) -> None:
    answers = mapping.from_json(club_import.mapping)
    with transaction.atomic():
        current = _beat(club_import, clock())
        if not current.rows:
            raise FileRefused("only_headings")
        if rows_are_gone(current):
            raise FileRefused("rows_gone")
        matching.match_all(current, answers)
        _keep_raw(current, answers)
        current.report = {
            **matching.summarize(current, answers, at=clock()),
            "headings": _headings(current),
        }
        current.state = State.CHECKED
        current.checked_at = clock()
        current.claim = current.beat_at = None
        current.save()


def _headings(club_import: ClubImport) -> list[str]:
    path, layout = text_file(club_import, beat=lambda: None)
    if not layout.has_headings:
        return []
    _number, cells = next(iter(Rows(path, layout)))
    return [cell.replace("\0", "")[:80] for cell in cells]


def rows_are_gone(club_import: ClubImport) -> bool:
    """Tell whether a crash of the database has emptied the table of rows."""
    return not ImportRow.objects.filter(club_import=club_import).exists()


def _keep_raw(club_import: ClubImport, answers: Answers) -> None:
    """Give refused rows their cells, which were not kept for rows thought good."""
    missing = set(
        ImportRow.objects.filter(
            club_import=club_import, outcome=ImportRow.Outcome.REFUSED, raw=None
        ).values_list("row", flat=True)
    )
    if missing:
        keep_raw(club_import, missing)


def keep_raw(club_import: ClubImport, rows: set[int]) -> None:
    """Read the cells of some rows again and keep them."""
    path, layout = text_file(club_import, beat=lambda: None)
    last = max(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE import_raw (row int, raw text[]) ON COMMIT DROP"
        )
        lines: list[str] = []
        for number, cells in Rows(path, layout):
            if number in rows:
                lines.append(f"{number}\t{copied_cells(cells)}\n")
                if len(lines) == BATCH:
                    copy_rows("import_raw", ("row", "raw"), lines)
                    lines = []
            if number >= last:
                break
        copy_rows("import_raw", ("row", "raw"), lines)
        cursor.execute(
            "UPDATE enrolment_importrow r SET raw = w.raw FROM import_raw w "
            "WHERE r.club_import_id = %s AND r.row = w.row",
            [club_import.pk],
        )
        cursor.execute("DROP TABLE import_raw")


def _beat(club_import: ClubImport, now: datetime) -> ClubImport:
    """Lock the import and say that we are at it.

    Raises:
        ClaimLost: it is not ours any more.
    """
    current: ClubImport | None = (
        ClubImport.objects.select_for_update(of=("self",))
        .select_related("programme")
        .filter(pk=club_import.pk, claim=_token(club_import), state=State.CHECKING)
        .first()
    )
    if current is None:
        raise ClaimLost
    ClubImport.objects.filter(pk=current.pk).update(beat_at=now)
    return current


def _token(club_import: ClubImport) -> UUID:
    if club_import.claim is None:
        raise ClaimLost
    return club_import.claim


def _release(club_import: ClubImport) -> None:
    ClubImport.objects.filter(pk=club_import.pk, claim=club_import.claim).update(
        claim=None, beat_at=None
    )


def _fail(club_import: ClubImport, code: str, now: datetime) -> None:
    ClubImport.objects.filter(
        pk=club_import.pk, claim=club_import.claim, state=State.CHECKING
    ).update(state=State.FAILED, failure=code, finished_at=now, claim=None)
