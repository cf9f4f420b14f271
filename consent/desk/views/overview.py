"""The first page of the privacy desk."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from consent.desk import selectors
from consent.desk.panels import panels_for
from consent.desk.selectors import Standing
from stores.middleware import programme_of
from stores.views.pages import staff_of


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure that leads to its page."""

    label: str
    value: str
    note: str
    url: str = ""
    tone: str = ""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show how it stands with the members' data, panel by panel."""
    now = timezone.now()
    standing = selectors.standing_of(programme=programme_of(request), now=now)
    context = {
        "title": _("Privacy"),
        "subtitle": _("The members' data is the members'. How it stands today."),
        "tiles": _tiles(standing, now),
        "missing": standing.registry.missing,
        "panels": panels_for(staff_of(request)),
    }
    return render(request, "consent/desk/overview.html", context)


def _tiles(standing: Standing, now: datetime) -> list[Tile]:
    return [
        _requests(standing),
        _breaches(standing, now),
        Tile(
            label=_("Withdrawals"),
            value=_number(standing.taken_back),
            note=_("in 30 days"),
            url=_url("message-desk:withdrawal-list"),
        ),
        _retention(standing),
        _registry(standing),
        _trail(standing),
    ]


def _requests(standing: Standing) -> Tile:
    note = _("none waits")
    if standing.requests_late:
        note = ngettext(
            "%(number)s is late", "%(number)s are late", standing.requests_late
        ) % {"number": standing.requests_late}
    elif standing.request_due_at:
        note = _("next by %(day)s") % {"day": _day(standing.request_due_at)}
    return Tile(
        label=_("Open requests"),
        value=_number(standing.requests_open),
        note=note,
        url=_url("privacy:request-list"),
        tone="bad" if standing.requests_late else "",
    )


def _breaches(standing: Standing, now: datetime) -> Tile:
    note, tone = _("no clock runs"), ""
    if standing.breach_due_at is not None:
        hours = int((standing.breach_due_at - now).total_seconds() // 3600)
        note = (
            _("%(number)s h left") % {"number": hours}
            if hours >= 0
            else _("time is over")
        )
        tone = "warn" if hours >= 0 else "bad"
    return Tile(
        label=_("Open breaches"),
        value=_number(standing.breaches_open),
        note=note,
        url=_url("privacy:breach-list"),
        tone=tone,
    )


def _retention(standing: Standing) -> Tile:
    run = standing.retention
    if run is None:
        value, note = "–", _("has not run yet")
    else:
        value = _number(getattr(run, "done", 0) or 0)
        note = _("%(what)s, %(day)s") % {
            "what": _("dry run")
            if run.is_dry
            else str(run.get_state_display()).lower(),
            "day": _day(run.started_at),
        }
    return Tile(
        label=_("Rows let go"),
        value=value,
        note=note,
        url=_url("privacy:retention"),
        tone="bad" if run is not None and run.state == run.State.FAILED else "",
    )


def _registry(standing: Standing) -> Tile:
    missing = len(standing.registry.missing)
    return Tile(
        label=_("Fields on record"),
        value=_number(standing.registry.fields),
        note=ngettext("%(number)s not registered", "%(number)s not registered", missing)
        % {"number": missing},
        url=_url("privacy:record"),
        tone="bad" if missing else "",
    )


def _trail(standing: Standing) -> Tile:
    if standing.checked_at is None:
        value, note, tone = "–", _("never checked"), "warn"
    elif standing.check_breaks:
        value, note, tone = _("Broken"), _day(standing.checked_at), "bad"
    else:
        value, note, tone = _("Whole"), _day(standing.checked_at), ""
    return Tile(
        label=_("Audit chain"),
        value=value,
        note=note,
        url=_url("stores:audit-list"),
        tone=tone,
    )


def _url(name: str) -> str:
    """Return the address of a page that some room may not have."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _number(value: int) -> str:
    return number_format(value, force_grouping=True)


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DAY_FORMAT")
