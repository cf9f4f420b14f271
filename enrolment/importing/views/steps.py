"""The steps between the file and the check: how it is read, what its columns hold."""

from itertools import zip_longest
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.ui.toasts import toast
from enrolment.importing import excel, files, mapping, services, sizes, sniffing
from enrolment.importing.columns import Column
from enrolment.importing.forms import ColumnsForm, LayoutForm
from enrolment.importing.models import ClubImport
from enrolment.importing.reading import EXCEL, Layout
from enrolment.importing.services import FileRefused
from enrolment.importing.views.frame import State, fault_text, import_of, show
from points import words
from points.opening import opening_at

_OPEN = {State.NEW, State.CHECKED, State.FAILED}


@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the first rows as they are read, and let it be read in another way."""
    club_import = import_of(request, public_id)
    if club_import.state not in _OPEN or not _exists(club_import):
        return redirect("importing:import-detail", public_id)
    layout = Layout(**club_import.layout)
    form = LayoutForm(
        request.POST or None, layout=layout, sheets=_sheets(club_import, layout)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_layout(club_import=club_import, layout=form.layout())
        except FileRefused as refused:
            form.add_error(None, fault_text(refused.code))
        except (services.WrongState, services.Busy):
            return redirect("importing:import-detail", public_id)
        else:
            # The browser's second button: look again before going on.
            if "again" in request.POST:
                return redirect("importing:import-file", public_id)
            return redirect("importing:import-columns", public_id)
    shown = form.layout() if form.is_bound and form.is_valid() else layout
    headings, rows = _preview(club_import, shown)
    context = {
        "title": _("Is the file read as it should be?"),
        "club_import": club_import,
        "form": form,
        "headings": headings,
        "rows": rows,
        "is_excel": layout.format == EXCEL,
        "earlier": _earlier(club_import),
    }
    status = 422 if form.errors else 200
    return show(request, "enrolment/import_file.html", context, step=1, status=status)


@require_http_methods(["GET", "POST"])
def import_columns(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ask what the columns hold, then have every row checked."""
    club_import = import_of(request, public_id)
    if club_import.state not in _OPEN or not _exists(club_import):
        return redirect("importing:import-detail", public_id)
    layout = Layout(**club_import.layout)
    headings, rows = _preview(club_import, layout)
    now = timezone.now()
    terms = opening_at(club_import.programme, now)
    form = ColumnsForm(
        request.POST or None,
        answers=mapping.from_json(club_import.mapping),
        headings=headings,
        has_version=terms is not None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_columns(
                club_import=club_import, answers=form.answers(), now=now
            )
        except FileRefused as refused:
            form.add_error(None, fault_text(refused.code))
        except (services.WrongState, services.Busy):
            toast(request, _("It is being worked on already."), tone="info")
            return redirect("importing:import-detail", public_id)
        else:
            return redirect("importing:import-detail", public_id)
    chosen = {field.value() for field in form.column_fields()}
    context = {
        "title": _("What do the columns hold?"),
        "club_import": club_import,
        "form": form,
        "columns": [
            (field, heading, samples)
            for field, heading, samples in zip(
                form.column_fields(),
                headings,
                _samples(rows, len(headings)),
                strict=True,
            )
        ],
        "has_points": Column.POINTS in chosen,
        "worth": terms
        and words.worth_of_a_point(terms.rule, club_import.programme.currency),
        "lasts": terms and words.expiry(terms.expires_at, club_import.programme.zone),
        "has_sms": Column.SMS in chosen,
        "has_mail": Column.MAIL in chosen,
    }
    status = 422 if form.errors else 200
    return show(
        request, "enrolment/import_columns.html", context, step=2, status=status
    )


def _exists(club_import: ClubImport) -> bool:
    return files.path_of(club_import.public_id).exists()


def _sheets(club_import: ClubImport, layout: Layout) -> list[str]:
    if layout.format != EXCEL:
        return []
    return excel.sheets(files.path_of(club_import.public_id))


def _preview(
    club_import: ClubImport, layout: Layout
) -> tuple[list[str], list[list[str]]]:
    """Return headings, invented ones where the file has none, and the first rows."""
    path = files.path_of(club_import.public_id)
    try:
        rows = sniffing.first_rows(path, layout, count=sizes.PREVIEW_ROWS + 1)
        sniffing.refuse_unfit(rows)
    except FileRefused:
        return [], []
    width = min(max(map(len, rows)), sizes.COLUMNS)
    if layout.has_headings:
        headings, rows = rows[0], rows[1:]
        width = len(headings)
    else:
        headings, rows = [], rows[: sizes.PREVIEW_ROWS]
    named = [
        heading.strip()[:60] or _("Column %(number)s") % {"number": number}
        for number, (heading, _nothing) in enumerate(
            zip_longest(headings, range(width), fillvalue=""), 1
        )
    ]
    shown = [[_cut(cell) for cell in row[:width]] for row in rows]
    return named, [row + [""] * (width - len(row)) for row in shown]


def _cut(cell: str) -> str:
    shown = cell.replace("\0", "\ufffd")
    return f"{shown[:60]}…" if len(shown) > 60 else shown


def _samples(rows: list[list[str]], width: int) -> list[list[str]]:
    """Return for each column the first three values that are something."""
    return [
        [row[place] for row in rows if row[place].strip()][:3] for place in range(width)
    ]


def _earlier(club_import: ClubImport) -> ClubImport | None:
    """Return the last import of the very same file, so that nobody wonders."""
    return (
        ClubImport.objects.filter(
            programme=club_import.programme,
            file_hash=club_import.file_hash,
            state=State.DONE,
        )
        .exclude(pk=club_import.pk)
        .order_by("-finished_at")
        .first()
    )
