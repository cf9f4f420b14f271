"""How many registrations were finished: a figure that stores compete on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_safe

from common.ui.charts import Bar, bars, columns, percent, spark
from common.ui.csv import csv_response
from enrolment.figures import Figures, StaffRow, StoreRow, Summary, WayRow, summarize
from enrolment.models import Registration
from stores.access import roles_of, stores_of
from stores.middleware import programme_of
from stores.roles import Role
from stores.views.pages import staff_of

PERIODS: list[tuple[int, str | Promise]] = [
    (7, gettext_lazy("7 days")),
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
]
_USUAL = 30
_MAKE_POSTERS = frozenset({Role.OWNER, Role.MARKETER, Role.STORE_MANAGER})
_WAYS = dict(Registration.Way.choices)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, in words."""

    title: str
    text: str
    figures: Figures
    share: str
    took: str
    poster: str = ""


@require_safe
def registrations(request: HttpRequest) -> HttpResponseBase:
    """Show what was finished, by store, person and way; `?format=csv` gives a file."""
    staff = staff_of(request)
    days = _period(request.GET.get("period", ""))
    summary = summarize(
        programme=programme_of(request),
        store_ids=stores_of(staff),
        days=days,
        now=timezone.now(),
    )
    if request.GET.get("format") == "csv":
        name = f"registrations-{timezone.localdate().isoformat()}.csv"
        return csv_response(_lines(summary), name=name)
    finished_by_day = [count for _day, count in summary.days]
    context = {
        "title": _("Registrations"),
        "subtitle": _("What was finished, not only begun. Imports are not counted."),
        "period": str(days),
        "periods": PERIODS,
        "total": summary.total,
        "share": _share(summary.total),
        "took": _took(summary.total.median),
        "returned": _returned(summary.total.returned),
        "spark": spark(finished_by_day),
        "chart": columns(
            labels=[date_format(day, "SHORT_DAY_FORMAT") for day, _n in summary.days],
            values=finished_by_day,
            name=pgettext("registrations", "Finished"),
        )
        if any(finished_by_day)
        else None,
        "stores": [_store_row(row) for row in summary.stores],
        "people": [_staff_row(row) for row in summary.people],
        "ways": _bars(summary.ways),
        "is_empty": not summary.total.finished
        and not summary.total.started
        and not summary.total.waiting,
        "can_make_posters": bool(_MAKE_POSTERS & roles_of(staff)),
    }
    return render(request, "enrolment/registrations.html", context)


def _period(asked: str) -> int:
    return next((days for days, _text in PERIODS if str(days) == asked), _USUAL)


def _store_row(row: StoreRow) -> Row:
    return Row(
        title=row.store.name if row.store else _("At home"),
        text=row.store.city if row.store else _("Not in a store"),
        figures=row.figures,
        share=_share(row.figures),
        took=_took(row.figures.median),
        poster=str(row.store.public_id) if row.store and row.store.is_active else "",
    )


def _staff_row(row: StaffRow) -> Row:
    return Row(
        title=row.staff.name,
        text=row.store.name if row.store else "",
        figures=row.figures,
        share=_share(row.figures),
        took=_took(row.figures.median),
    )


def _way_title(row: WayRow) -> str:
    way = str(_WAYS.get(row.way, row.way))
    return f"{way} · {row.placement}" if row.placement else way


def _bars(rows: list[WayRow]) -> list[Bar]:
    return bars(
        [
            (_way_title(row), row.figures.finished)
            for row in rows
            if row.figures.finished
        ]
    )


def _share(figures: Figures) -> str:
    return "" if figures.share is None else percent(figures.share)


def _returned(count: int) -> str:
    if not count:
        return ""
    return ngettext("%(n)s had left before", "%(n)s had left before", count) % {
        "n": number_format(count, force_grouping=True)
    }


def _took(median: timedelta | None) -> str:
    """Say how long, in the unit that suits: `48 s`, `12 min`, `5 h`, `3 days`."""
    if median is None:
        return ""
    seconds = median.total_seconds()
    if seconds < 90:
        return _("%(n)s s") % {"n": round(seconds)}
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("%(n)s min") % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 36:
        return _("%(n)s h") % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def _lines(summary: Summary) -> Iterator[list[Any]]:
    """Write the file: one line for each store, person and way."""
    yield [
        _("What"),
        _("Name"),
        _("Store"),
        pgettext("registrations", "Finished"),
        _("Had left before"),
        _("Begun"),
        _("Of those finished"),
        _("Median seconds to finish"),
        _("Waiting"),
    ]
    for store in summary.stores:
        name = store.store.name if store.store else _("At home")
        yield [_("Store"), name, name, *_cells(store.figures)]
    for person in summary.people:
        place = person.store.name if person.store else ""
        yield [_("Person"), person.staff.name, place, *_cells(person.figures)]
    for way in summary.ways:
        yield [_("Way"), _way_title(way), "", *_cells(way.figures)]


def _cells(figures: Figures) -> list[Any]:
    median = figures.median
    return [
        figures.finished,
        figures.returned,
        figures.started,
        figures.started_finished,
        None if median is None else round(median.total_seconds()),
        figures.waiting,
    ]
