"""Where an import stands: the bar while it is at work, and what came of it."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from common.money import display
from common.ui import progress
from common.ui.htmx import is_partial
from enrolment.importing import mapping, problems, selectors
from enrolment.importing.columns import Column
from enrolment.importing.models import ClubImport
from enrolment.importing.reading import EXCEL
from enrolment.importing.views.frame import STEP, State, fault_text, import_of, show
from points import words
from points.opening import opening_at
from points.terms import VoucherMode

_AT_WORK = {State.CHECKING, State.APPLYING}


@require_GET
def import_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the step in hand: what is to be done, the bar, or the result."""
    club_import = import_of(request, public_id)
    if club_import.state == State.NEW:
        return redirect("importing:import-file", public_id)
    context: dict[str, Any] = {
        "club_import": club_import,
        "title": _title(club_import),
        "state": club_import.state,
        "url": reverse("importing:import-progress", args=[public_id]),
        "fault": fault_text(club_import.failure) if club_import.failure else "",
    }
    if club_import.state in _AT_WORK:
        context["job"] = _job(club_import)
    if club_import.state in {State.CHECKED, State.DONE}:
        context |= _report(club_import)
    if club_import.state in {State.APPLYING, State.PAUSED, State.DONE, State.CANCELLED}:
        context["result"] = selectors.result_of(club_import)
    step = STEP[State(club_import.state)]
    return show(request, "enrolment/import_detail.html", context, step=step)


@require_GET
def import_progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with the bar; when the work is over, have the page drawn anew."""
    club_import = import_of(request, public_id)
    url = reverse("importing:import-progress", args=[public_id])
    if club_import.state not in _AT_WORK:
        address = reverse("importing:import-detail", args=[public_id])
        if is_partial(request):
            response = HttpResponse()
            response["HX-Redirect"] = address
            return response
        return redirect(address)
    return progress.render(request, _job(club_import), url=url)


def _title(club_import: ClubImport) -> str:
    return {
        State.CHECKING: _("Every row is being checked"),
        State.CHECKED: _("Checked: nothing has been changed yet"),
        State.APPLYING: _("Members are being imported"),
        State.PAUSED: _("The import is paused"),
        State.DONE: _("Imported"),
        State.CANCELLED: _("The import was cancelled"),
        State.FAILED: _("The file could not be checked"),
    }[State(club_import.state)]


def _job(club_import: ClubImport) -> progress.Progress:
    if club_import.state == State.CHECKING:
        return _check_job(club_import)
    result = selectors.result_of(club_import)
    speed = selectors.rows_per_second(club_import)
    parts = [_percent(result.done, club_import.rows)]
    if speed:
        parts.append(_speed(speed))
        left = (club_import.rows - result.done) // speed
        parts.append(_left(left))
    is_begun = result.done > 0
    return progress.Progress(
        state=progress.State.RUNNING if is_begun else progress.State.WAITING,
        title=_("Importing"),
        done=result.done,
        total=club_import.rows if is_begun else None,
        message=" · ".join(parts),
        key="import-job",
    )


def _check_job(club_import: ClubImport) -> progress.Progress:
    if club_import.beat_at is None and not club_import.rows_read:
        state, message = progress.State.WAITING, ""
    else:
        state = progress.State.RUNNING
        message = ngettext(
            "%(count)s row read", "%(count)s rows read", club_import.rows
        ) % {"count": number_format(club_import.rows, force_grouping=True)}
    # Reading is most of it; comparing the rows with the club comes last.
    if club_import.bytes_read >= club_import.file_size:
        comparing = _("now they are compared with the club")
        message = f"{message} · {comparing}"
    return progress.Progress(
        state=state,
        title=_("Reading and checking"),
        done=club_import.rows,
        total=_expected(club_import),
        message=message,
        key="import-job",
    )


def _expected(club_import: ClubImport) -> int | None:
    """Say how many rows there will be, going by those that have been read."""
    size, read = club_import.file_size, club_import.bytes_read
    # A workbook is packed: its size says nothing.
    if not read or club_import.layout.get("format") == EXCEL:
        return None
    return max(club_import.rows, club_import.rows * size // read)


def _percent(done: int, total: int) -> str:
    return f"{done * 100 // (total or 1)} %"


def _speed(speed: int) -> str:
    shown = number_format(speed, force_grouping=True)
    return ngettext("%(count)s row a second", "%(count)s rows a second", speed) % {
        "count": shown
    }


def _left(seconds: int) -> str:
    if seconds < 60:
        return _("less than a minute left")
    minutes = (seconds + 59) // 60
    return ngettext(
        "about %(count)s minute left", "about %(count)s minutes left", minutes
    ) % {"count": minutes}


def _report(club_import: ClubImport) -> dict[str, Any]:
    """Return what the dry run found, as the page shows it."""
    report = club_import.report
    if club_import.state == State.DONE:
        report = report.get("applied", report)
    outcomes, codes = report["outcomes"], report["codes"]
    answers = mapping.from_json(club_import.mapping)
    chosen = set(answers.columns)
    return {
        "outcomes": outcomes,
        "new": outcomes.get("NEW", 0),
        "changed": outcomes.get("CHANGED", 0),
        "same": outcomes.get("SAME", 0),
        "refused": outcomes.get("REFUSED", 0),
        "has_good": bool(outcomes.get("NEW") or outcomes.get("CHANGED")),
        "errors": _findings(codes, errors=True),
        "warnings": _findings(codes, errors=False),
        "sms": report["sms"],
        "email": report["email"],
        "asks_sms": Column.SMS in chosen,
        "asks_email": Column.MAIL in chosen,
        "points": _points(club_import, report.get("points")),
        "answers": answers,
    }


def _points(
    club_import: ClubImport, counted: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Return what the members bring along, as the page shows it."""
    if counted is None:
        return None
    programme = club_import.programme
    least, most = (
        display(Decimal(worth), programme.currency) for worth in counted["worth"]
    )
    found = opening_at(programme, timezone.now())
    return {
        **counted,
        "by_the_programme": counted["members"] - counted["dated"],
        "worth": least if least == most else f"{least}–{most}",
        "lasts": found and words.expiry(found.expires_at, programme.zone),
        # They come within the hour, without anybody's doing.
        "become_vouchers": counted["enough"]
        if found and found.rule.terms.vouchers.mode is VoucherMode.AUTOMATIC
        else 0,
    }


def _findings(codes: dict[str, int], *, errors: bool) -> list[tuple[str, str, int]]:
    """Return code, words and count, the most frequent first."""
    return [
        (code, str(problems.ALL.get(code, code)), count)
        for code, count in sorted(codes.items(), key=lambda each: -each[1])
        if problems.is_error(code) is errors
    ]
