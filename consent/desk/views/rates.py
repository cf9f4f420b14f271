"""How many members say yes, and to what."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.periods import add_months, local_day, start_of_day
from common.ui import charts
from common.ui.csv import csv_response
from consent.desk import rates
from consent.desk.audits import note_export
from consent.desk.frame import answer
from consent.desk.periods import PERIODS, span_of
from consent.desk.rates import Rate
from consent.models import Channel, Purpose
from stores.middleware import programme_of
from stores.models import Programme
from stores.views.pages import staff_of

_ALL = ("", gettext_lazy("Everybody"))
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked for."""

    purpose: Purpose
    channel: Channel
    period: str
    since: datetime | None

    @property
    def key(self) -> str:
        """Return how the address names the purpose and channel."""
        return f"{self.purpose}-{self.channel}"


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the page."""

    title: str
    what: str
    rows: list[Rate]
    # Of whom nobody asked anything there is no edition.
    with_never: bool = True
    note: str = ""


@require_safe
def consent_rates(request: HttpRequest) -> HttpResponseBase:
    """Show yes, no, withdrawn and never asked, by where members came from."""
    programme = programme_of(request)
    now = timezone.now()
    asked = _read(request, programme, now)
    found = rates.read(
        programme=programme,
        purpose=asked.purpose,
        channel=asked.channel,
        since=asked.since,
    )
    sections = _sections(found)
    if request.GET.get("format") == "csv":
        note_export(
            programme=programme,
            staff=staff_of(request),
            what="consents",
            filters=request.GET,
            now=now,
        )
        return _file(sections)
    current = next(rate for rate in found.by_purpose if rate.key == asked.key)
    context = {
        "title": _("Consent rates"),
        "subtitle": _("Of active members, by what they said last."),
        "asked": asked,
        "periods": [_ALL, *PERIODS],
        "questions": [(rate.key, rate.label) for rate in found.by_purpose],
        "current": current,
        "share": charts.percent(current.share) if current.members else "–",
        "sections": sections,
        "chart": _chart(programme, asked, now),
    }
    return render(request, "consent/desk/consent_rates.html", context)


@require_safe
def rates_panel(request: HttpRequest) -> HttpResponseBase:
    """Answer with today's rates for the overview."""
    found = rates.by_purpose(programme=programme_of(request), since=None)
    context = {
        "members": found[0].members if found else 0,
        "rates": found,
    }
    return answer(
        request, "consent/desk/_rates_panel.html", context, title=_("Consent rates")
    )


def _read(request: HttpRequest, programme: Programme, now: datetime) -> Asked:
    known = {
        f"{purpose}-{channel}": (purpose, channel) for purpose, channel in rates.asked()
    }
    what = request.GET.get("what", "")
    purpose, channel = known.get(what) or (Purpose.MARKETING, Channel.SMS)
    period = request.GET.get("period", "")
    if period not in dict(PERIODS):
        return Asked(purpose, channel, "", None)
    span = span_of(int(period), zone=programme.zone, now=now)
    return Asked(purpose, channel, period, span.starts_at)


def _sections(found: rates.Rates) -> list[Section]:
    for rate in found.by_store:
        rate.label = rate.label or _("No store")
    for rate in found.by_edition:
        rate.label = _("Edition %(number)s") % {"number": rate.label}
    return [
        Section(_("By purpose and channel"), _("Purpose"), found.by_purpose),
        Section(_("By way in"), _("Way in"), found.by_source),
        Section(
            _("By store"),
            _("Store"),
            found.by_store,
            note=_("The store where they registered."),
        ),
        Section(
            _("By edition of the text"),
            _("Edition"),
            found.by_edition,
            with_never=False,
            note=_("The words that they answered last."),
        ),
    ]


def _chart(programme: Programme, asked: Asked, now: datetime) -> charts.Chart | None:
    months = _months(local_day(now, programme.zone))
    counts = rates.by_month(
        programme=programme,
        purpose=asked.purpose,
        channel=asked.channel,
        months=months,
        starts_at=start_of_day(months[0], programme.zone),
        zone=programme.zone,
    )
    if not any(month.given or month.taken_back for month in counts):
        return None
    return charts.line_chart(
        labels=[date_format(month.first, "YEAR_MONTH_FORMAT") for month in counts],
        now=[month.given for month in counts],
        now_name=_("Yes"),
        then=[month.taken_back for month in counts],
        then_name=_("Taken back"),
        captions=4,
    )


def _months(today: date) -> list[date]:
    this = today.replace(day=1)
    return [add_months(this, back) for back in range(1 - _MONTHS, 1)]


def _file(sections: list[Section]) -> HttpResponseBase:
    head = [
        _("Table"),
        _("Group"),
        _("Members"),
        _("Yes"),
        _("No"),
        _("Withdrawn"),
        _("Never asked"),
    ]
    rows = chain.from_iterable(
        ([section.title, rate.label, *_figures(rate)] for rate in section.rows)
        for section in sections
    )
    day = timezone.localdate().isoformat()
    return csv_response(chain([head], rows), name=f"consents-{day}.csv")


def _figures(rate: Rate) -> list[Any]:
    if rate.is_small:
        return [_("fewer than %(number)s") % {"number": rates.LEAST}, "", "", "", ""]
    return [rate.members, rate.yes, rate.no, rate.withdrawn, rate.never]
