"""Start, pause, go on, cancel; and the refused rows as a file."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.ui.csv import csv_response
from common.ui.toasts import toast
from enrolment.importing import problems, services
from enrolment.importing.models import ClubImport, ImportRow
from enrolment.importing.views.frame import import_of
from members.views.frame import staff_of


@require_POST
def import_start(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Begin the import."""
    return _do(
        request,
        public_id,
        lambda it: services.start(
            club_import=it, staff=staff_of(request), now=timezone.now()
        ),
    )


@require_POST
def import_pause(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Pause it."""
    return _do(request, public_id, lambda it: services.pause(club_import=it))


@require_POST
def import_resume(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Go on."""
    return _do(request, public_id, lambda it: services.resume(club_import=it))


@require_POST
def import_cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Break a check off, or end the import."""
    return _do(
        request,
        public_id,
        lambda it: services.cancel(
            club_import=it, staff=staff_of(request), now=timezone.now()
        ),
    )


@require_POST
def import_refused(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Send the refused rows as they came, with what is wrong with each."""
    club_import = import_of(request, public_id)
    rows = ImportRow.objects.filter(
        club_import=club_import, outcome=ImportRow.Outcome.REFUSED
    ).order_by("row")
    now = timezone.now()
    services.note_download(
        club_import=club_import, staff=staff_of(request), rows=rows.count(), now=now
    )
    day = timezone.localdate().isoformat()
    response = csv_response(
        _lines(club_import, rows.values_list("row", "problems", "raw").iterator()),
        name=f"refused-rows-{day}.csv",
    )
    add_never_cache_headers(response)
    return response


def _do(
    request: HttpRequest, public_id: UUID, act: Callable[[ClubImport], ClubImport]
) -> HttpResponse:
    club_import = import_of(request, public_id)
    try:
        act(club_import)
    except services.WrongState:
        toast(request, _("That does not fit where the import stands now."), tone="info")
    except services.Busy:
        toast(
            request,
            _("The rows are being compared. Try again in a moment."),
            tone="info",
        )
    return redirect("importing:import-detail", public_id)


def _lines(
    club_import: ClubImport, rows: Iterable[tuple[int, Any, list[str] | None]]
) -> Iterator[Iterable[Any]]:
    headings = club_import.report.get("headings", [])
    yield [*headings, _("Row"), _("What is wrong")]
    country = club_import.programme.country
    for row, found, raw in rows:
        cells = (raw or [])[: len(headings)] if headings else raw or []
        padding = [""] * (len(headings) - len(cells))
        words = "; ".join(
            str(problems.words_of(each, country=country))
            for each in found or []
            if problems.is_error(each["code"])
        )
        yield [*cells, *padding, row, words]
