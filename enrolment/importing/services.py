"""Receive a file, set how it is read, have it checked and imported, and forget it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django_q.tasks import async_task

from enrolment.importing import files, kinds, sizes, sniffing
from enrolment.importing.columns import Column, guess
from enrolment.importing.excel import FileRefused
from enrolment.importing.files import Stored
from enrolment.importing.mapping import Answers
from enrolment.importing.models import ClubImport, ImportRow
from enrolment.importing.reading import Layout
from points.opening import opening_at
from stores import audit
from stores.models import Programme, Staff

__all__ = ["FileRefused"]

State = ClubImport.State
TASK = "enrolment.importing.tasks.run"
FILE_LIFE = timedelta(days=7)


class WrongState(Exception):
    """Raised when a step does not fit where the import stands: `state`."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class NoVersion(Exception):
    """Raised when points would be taken over that no version of the programme knows."""


class Busy(Exception):
    """Raised when a worker holds the import for a moment; try again."""


def receive(
    *,
    programme: Programme,
    staff: Staff | None,
    stored: Stored,
    file_name: str,
    now: datetime,
) -> ClubImport:
    """Take a stored file for an import, and find out how to read it.

    Raises:
        FileRefused: it is empty, or nothing that we read; the file is removed.
    """
    path = files.path_of(stored.public_id)
    try:
        layout = sniffing.detect(path, stored)
        rows = sniffing.first_rows(path, layout, count=sizes.SAMPLE_ROWS)
    except FileRefused:
        files.remove(stored.public_id)
        raise
    return ClubImport.objects.create(
        public_id=stored.public_id,
        programme=programme,
        staff=staff,
        file_name=file_name[-120:],
        file_size=stored.size,
        file_hash=stored.digest,
        layout=layout.as_json(),
        mapping=_guessed(rows, layout.has_headings).as_json(),
        created_at=now,
    )


def set_layout(*, club_import: ClubImport, layout: Layout) -> ClubImport:
    """Read the file in another way; what its columns hold is guessed anew.

    Raises:
        FileRefused: read so, it is no table.
        WrongState: it is being checked or imported, or has been.
    """
    path = files.path_of(club_import.public_id)
    if not path.exists():
        raise FileRefused("file_gone")
    rows = sniffing.first_rows(path, layout, count=sizes.SAMPLE_ROWS)
    sniffing.refuse_unfit(rows)
    with transaction.atomic():
        current = _locked(club_import, State.NEW, State.CHECKED, State.FAILED)
        if current.layout != layout.as_json():
            files.path_of(current.public_id, ending=".csv").unlink(missing_ok=True)
            current.layout = layout.as_json()
            current.mapping = _guessed(rows, layout.has_headings).as_json()
            _start_over(current)
            current.save()
    return current


def set_columns(
    *, club_import: ClubImport, answers: Answers, now: datetime
) -> ClubImport:
    """Say what the columns hold, and have every row checked.

    Raises:
        WrongState: it is being checked or imported, or has been.
        FileRefused: the file has been deleted.
        NoVersion: a column holds points, and the club has published no version.
    """
    if not files.path_of(club_import.public_id).exists():
        raise FileRefused("file_gone")
    if answers.bring_points and opening_at(club_import.programme, now) is None:
        raise NoVersion
    with transaction.atomic():
        current = _locked(club_import, State.NEW, State.CHECKED, State.FAILED)
        _start_over(current)
        current.mapping = answers.as_json()
        current.state = State.CHECKING
        current.check_started_at = now
        current.save()
        wake_on_commit()
    return current


def start(*, club_import: ClubImport, staff: Staff | None, now: datetime) -> ClubImport:
    """Begin to import what the dry run found good.

    Raises:
        WrongState: it has not been checked, or has been imported.
    """
    with transaction.atomic():
        current = _locked(club_import, State.CHECKED)
        current.state = State.APPLYING
        current.apply_started_at = now
        current.failure = ""
        current.save()
        wake_on_commit()
        _note(current, staff, kinds.STARTED, now, **_points_of(current))
    return current


def pause(*, club_import: ClubImport) -> ClubImport:
    """Stop after the batches that are at work; what is imported stays.

    Raises:
        WrongState: it is not being imported.
    """
    with transaction.atomic():
        current = _locked(club_import, State.APPLYING)
        current.state = State.PAUSED
        current.failure = ""
        current.save(update_fields=["state", "failure"])
    return current


def resume(*, club_import: ClubImport) -> ClubImport:
    """Go on where it was paused.

    Raises:
        WrongState: it is not paused.
    """
    with transaction.atomic():
        current = _locked(club_import, State.PAUSED)
        current.state = State.APPLYING
        current.failure = ""
        current.save(update_fields=["state", "failure"])
        wake_on_commit()
    return current


def cancel(
    *, club_import: ClubImport, staff: Staff | None, now: datetime
) -> ClubImport:
    """End an import; members who were imported already stay, the file goes.

    A check is only broken off: the file stays, to be read in another way.

    Raises:
        WrongState: it is over.
        Busy: a worker compares the rows just now.
    """
    with transaction.atomic():
        current = _locked(
            club_import,
            State.NEW,
            State.CHECKING,
            State.CHECKED,
            State.PAUSED,
            State.FAILED,
        )
        if current.state == State.CHECKING:
            _start_over(current)
            current.save()
            return current
        current.state = State.CANCELLED
        current.finished_at = current.rows_deleted_at = current.file_deleted_at = now
        current.save()
        ImportRow.objects.filter(club_import=current).delete()
        current.batches.filter(applied_at=None).delete()
        _note(current, staff, kinds.CANCELLED, now)
    files.remove(current.public_id)
    return current


def note_download(
    *, club_import: ClubImport, staff: Staff, rows: int, now: datetime
) -> None:
    """Put on the trail that refused rows left the house as a file."""
    with transaction.atomic():
        _note(club_import, staff, kinds.DOWNLOADED, now, rows=rows)


def forget(*, now: datetime) -> int:
    """Delete files after seven days; return how many imports.

    An import that was left before its file was imported ends with it.
    """
    count = 0
    stale = ClubImport.objects.filter(
        file_deleted_at=None, created_at__lt=now - FILE_LIFE
    ).exclude(state__in=[State.APPLYING, State.PAUSED])
    for club_import in stale:
        files.remove(club_import.public_id)
        count += 1
        club_import.file_deleted_at = now
        if club_import.state != State.DONE:
            club_import.state = State.CANCELLED
            club_import.finished_at = club_import.rows_deleted_at = now
            ImportRow.objects.filter(club_import=club_import).delete()
        club_import.save()
    known = set(ClubImport.objects.values_list("public_id", flat=True))
    for stray in files.strays(older_than=(now - timedelta(days=1)).timestamp()):
        if stray not in known:
            files.remove(stray)
    return count


def _wake() -> None:
    async_task(TASK)


def wake_on_commit() -> None:
    """Have a worker look for imports as soon as this transaction is committed."""
    transaction.on_commit(_wake, robust=True)


def _guessed(rows: Sequence[Sequence[str]], has_headings: bool) -> Answers:
    headings = list(rows[0]) if has_headings else [""] * max(map(len, rows))
    values = rows[1:] if has_headings else rows
    columns = guess(headings, values)
    dated = {
        Column.SINCE,
        Column.SMS_AT,
        Column.MAIL_AT,
        Column.POINTS_UNTIL,
    }

    def written_in(wanted: set[Column]) -> str:
        places = [place for place, column in enumerate(columns) if column in wanted]
        return sniffing.day_format(
            row[place] for row in values for place in places if place < len(row)
        )

    return replace(
        Answers(),
        columns=tuple(columns),
        birthdays=written_in({Column.BIRTHDAY}),
        dates=written_in(dated),
    )


def _start_over(club_import: ClubImport) -> None:
    """Forget what a dry run found."""
    ImportRow.objects.filter(club_import=club_import).delete()
    club_import.batches.all().delete()
    club_import.state = State.NEW
    club_import.rows_read = club_import.rows = club_import.bytes_read = 0
    club_import.report = {}
    club_import.failure = ""
    club_import.claim = club_import.beat_at = None
    club_import.checked_at = club_import.finished_at = None


def _locked(club_import: ClubImport, *states: str) -> ClubImport:
    current: ClubImport | None = (
        ClubImport.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("programme")
        .filter(pk=club_import.pk)
        .first()
    )
    if current is None:
        raise Busy
    if current.state not in states:
        raise WrongState(current.state)
    return current


def _points_of(club_import: ClubImport) -> dict[str, int]:
    """Return how many points are taken over, for the trail: the club will owe them."""
    points = club_import.report.get("points")
    return {"points": points["points"]} if points else {}


def _note(
    club_import: ClubImport,
    staff: Staff | None,
    action: str,
    now: datetime,
    **data: int,
) -> None:
    audit.record(
        programme=club_import.programme,
        actor=staff,
        action=action,
        now=now,
        subject=str(club_import.public_id),
        data={"rows": club_import.rows, **data},
    )
