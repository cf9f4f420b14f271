"""What the gate stopped or made to wait, and why."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.ui import charts
from common.ui.csv import csv_response
from consent.desk.audits import note_export
from consent.desk.frame import answer
from consent.desk.periods import PERIODS, Span, in_steps, read_period, span_of
from consent.desk.words import stop_of
from consent.models import Channel
from messaging.desk import selectors
from messaging.desk.selectors import StopCounts
from messaging.models import Message
from stores.middleware import programme_of
from stores.views.pages import staff_of

_PANEL_ROWS = 5


@require_safe
def stop_list(request: HttpRequest) -> HttpResponse:
    """Show what was stopped in a period, by reason, class, channel and day."""
    period = read_period(request.GET.get("period", ""))
    span, counts = _counted(request, period)
    rows = _rows(counts, span)
    if request.GET.get("format") == "csv":
        note_export(
            programme=programme_of(request),
            staff=staff_of(request),
            what="stops",
            filters=request.GET,
            now=timezone.now(),
        )
        return _file(rows)
    classes, channels = dict(Message.Class.choices), dict(Channel.choices)
    context = {
        "title": _("Stopped messages"),
        "subtitle": _("What did not go out, or waits, because the gate said so."),
        "period": str(period),
        "periods": PERIODS,
        "total": sum(row[4] for row in counts),
        "rows": rows,
        "chart": _chart(span, counts),
        "by_code": _bars(counts, span),
        "by_class": charts.bars(
            (str(classes.get(key, key)), number)
            for key, number in selectors.sum_by(counts, 1)
        ),
        "by_channel": charts.bars(
            (str(channels.get(key, key)), number)
            for key, number in selectors.sum_by(counts, 2)
        ),
    }
    return render(request, "messaging/desk/stop_list.html", context)


@require_safe
def stops_panel(request: HttpRequest) -> HttpResponse:
    """Answer with the last thirty days' stops for the overview."""
    span, counts = _counted(request, 30)
    context = {
        "total": sum(row[4] for row in counts),
        "by_code": _bars(counts, span)[:_PANEL_ROWS],
    }
    return answer(
        request,
        "messaging/desk/_stops_panel.html",
        context,
        title=_("Stopped messages"),
    )


def _counted(request: HttpRequest, days: int) -> tuple[Span, StopCounts]:
    programme = programme_of(request)
    span = span_of(days, zone=programme.zone, now=timezone.now())
    counts = selectors.count_stops(
        programme=programme, since=span.starts_at, zone=programme.zone
    )
    return span, counts


def _chart(span: Span, counts: StopCounts) -> charts.Chart | None:
    if not counts:
        return None
    steps = in_steps(span, selectors.sum_by_day(counts))
    return charts.columns(
        labels=[date_format(day, "SHORT_DAY_FORMAT") for day, _number in steps],
        values=[number for _day, number in steps],
        name=_("Stopped"),
    )


def _bars(counts: StopCounts, span: Span) -> list[charts.Bar]:
    return charts.bars(
        (str(stop_of(code).title), number, _list_url(span, stop=code))
        for code, number in selectors.sum_by(counts, 0)
    )


def _rows(counts: StopCounts, span: Span) -> list[dict[str, object]]:
    """Sum the days of each reason, class and channel, with the way to the list."""
    sums: dict[tuple[str, str, str], int] = {}
    for code, message_class, channel, _day, number in counts:
        key = (code, message_class, channel)
        sums[key] = sums.get(key, 0) + number
    return [
        {
            "why": str(stop_of(code).title),
            "message_class": str(Message.Class(message_class).label),
            "channel": str(Channel(channel).label),
            "number": number,
            "url": _list_url(
                span, stop=code, message_class=message_class, channel=channel
            ),
        }
        for (code, message_class, channel), number in sorted(
            sums.items(), key=lambda pair: (-pair[1], pair[0])
        )
    ]


def _list_url(span: Span, **filters: str) -> str:
    query = urlencode({**filters, "since": span.days[0].isoformat()})
    return f"{reverse('message-desk:message-list')}?{query}"


def _file(rows: list[dict[str, object]]) -> HttpResponse:
    head = [_("Why"), _("Class"), _("Channel"), _("Messages")]
    names = ("why", "message_class", "channel", "number")
    lines = [[row[name] for name in names] for row in rows]
    day = timezone.localdate().isoformat()
    return csv_response([head, *lines], name=f"stops-{day}.csv")  # type: ignore[return-value]
