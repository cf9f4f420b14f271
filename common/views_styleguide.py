"""The living style guide: every component as it is, with figures made for the page."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import django_tables2 as tables2
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from common.money import display
from common.ui import charts, progress, toasts
from common.ui.forms import DateInput, RadioCards, Switch
from common.ui.tables import DayColumn, MoneyColumn, NumberColumn, Table, TableView

DAYS = 30


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), max_length=40)
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Only for receipts.")
    )
    amount = forms.DecimalField(label=_("Amount"), min_value=1, localize=True)
    starts_on = forms.DateField(label=_("From"), widget=DateInput(), required=False)
    language = forms.ChoiceField(
        label=_("Language"), choices=[("sv", "Svenska"), ("da", "Dansk")]
    )
    note = forms.CharField(label=_("Note"), widget=forms.Textarea, required=False)
    pace = forms.ChoiceField(
        label=_("How often"),
        choices=[("few", _("Seldom")), ("more", _("Often"))],
        widget=RadioCards(
            explanations={"few": _("Once a month"), "more": _("Every week")}
        ),
        initial="few",
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=[("SMS", "SMS"), ("EMAIL", _("E-mail"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    terms = forms.BooleanField(label=_("I have read the terms"))
    news = forms.BooleanField(
        label=_("Offers by SMS"),
        help_text=_("At most two a month"),
        widget=Switch(),
        required=False,
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """A row of the sample table."""

    pk: int
    name: str
    number: str
    level: str
    points: int
    spent: int
    bought_on: date


def samples() -> list[Sample]:
    """Return invented people in a fixed order."""
    first = ["Nils", "Astrid", "Johan", "Elin", "Anders", "Hanna", "Emil", "Maja"]
    last = ["Lund", "Åkesson", "Nyberg", "Öberg", "Møller", "Ek"]
    levels = ["Gold", "Silver", "Bronze"]
    today = timezone.localdate()
    return [
        Sample(
            pk=index,
            name=f"{first[index % 8]} {last[index % 6]}",
            number=f"4021 {8000 + index * 37} {1000 + index * 71}",
            level=levels[index % 3],
            points=135 + index * 173 % 3400,
            spent=480 + index * 911 % 32000,
            bought_on=today - timedelta(days=index * 5 % 190),
        )
        for index in range(1, 61)
    ]


class SampleTable(Table):
    """A list of people."""

    name = tables2.TemplateColumn(
        template_name="styleguide/_person_cell.html", verbose_name=_("Member")
    )
    level = tables2.Column(verbose_name=_("Level"))
    points = NumberColumn(verbose_name=_("Points"))
    spent = MoneyColumn(verbose_name=_("Spent, 12 months"))
    bought_on = DayColumn(verbose_name=_("Last purchase"))

    caption = _("Sample members")

    def value_name(self, value: str) -> str:
        return value


class StyleguideTable(TableView):
    """The sample table on a page of its own."""

    table_class = SampleTable
    title = _("Table")
    subtitle = _("Sorted, paged and exported by the server; the address keeps it.")
    csv_name = "styleguide"
    per_page = 12

    def get_queryset(self) -> list[Sample]:
        return samples()


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every component."""
    asked = {} if "errors" not in request.GET else {"name": "Åsa", "amount": "-5"}
    context: dict[str, Any] = {
        "title": _("Style guide"),
        "subtitle": _("Every component, in the theme and language you have chosen."),
        "form": SampleForm(asked or None),
        "table": SampleTable(samples()[:5], orderable=False),
        "line": _sales(),
        "columns": _sign_ups(),
        "bars": charts.bars(
            [
                (gettext("Store till"), 1324),
                (gettext("Web shop"), 521),
                (gettext("Member pages"), 195),
                (gettext("Import"), 134),
            ]
        ),
        "sparks": [charts.spark(_wave(seed, lift)) for seed, lift in _SPARKS],
        "heat": _cohorts(),
        "jobs": _jobs(),
        "job_url": reverse("common:styleguide-progress"),
        "now": timezone.localtime(),
        "options": [("7", _("7 days")), ("30", _("30 days")), ("90", _("Quarter"))],
        "period": request.GET.get("period", "30"),
        "levels": [("", _("All levels")), ("gold", _("Gold")), ("silver", _("Silver"))],
        "paces": [
            ("few", _("Seldom"), _("Once a month")),
            ("more", _("Often"), _("Every week")),
        ],
        "tabs": [
            ("overview", _("Overview"), "#tabs", ""),
            ("purchases", pgettext_lazy("tab", "Purchases"), "#tabs", 14),
            ("consent", _("Consent"), "#tabs", ""),
        ],
        "crumbs": [(_("Style guide"), reverse("common:styleguide"))],
        "steps": [_("Number"), _("Link sent"), _("Done")],
        "swatches": _SWATCHES,
    }
    return render(request, "styleguide/styleguide.html", context)


@require_GET
def styleguide_progress(request: HttpRequest) -> HttpResponse:
    """Answer with a job that is as far as this minute's seconds."""
    done = timezone.localtime().second
    job = progress.Progress(
        state=progress.State.RUNNING,
        title=gettext("Reading receipts"),
        done=done,
        total=60,
        message=gettext("This one follows the clock and starts over every minute."),
    )
    return progress.render(request, job, url=reverse("common:styleguide-progress"))


@require_POST
def styleguide_toast(request: HttpRequest) -> HttpResponse:
    """Show a notice, with htmx and without."""
    toasts.toast(request, gettext("The offer is saved."))
    response = HttpResponse(status=204)
    if request.headers.get("HX-Request") != "true":
        response = HttpResponse(status=303)
        response["Location"] = reverse("common:styleguide")
    return response


_SPARKS = ((1, 0.2), (5, 0.1), (9, 0.3), (4, -0.09))
_SWATCHES = [
    "canvas",
    "surface",
    "sunken",
    "raised",
    "hover",
    "line",
    "line-2",
    "line-control",
    "ink",
    "ink-2",
    "ink-3",
    "accent",
    "accent-soft",
    "good",
    "warn",
    "bad",
    "info",
    "c1",
    "c2",
    "c3",
    "c4",
    "c5",
    "c6",
]


def _wave(seed: int, lift: float) -> list[float]:
    """Return thirty values that look like days of a shop, the same every time."""
    return [
        100
        * (1 + lift * day / DAYS)
        * (1 + 0.06 * math.sin(day / 4.7 + seed) + 0.08 * (day % 7 in {4, 5}))
        for day in range(DAYS)
    ]


def _days() -> list[date]:
    today = timezone.localdate()
    return [today - timedelta(days=DAYS - 1 - index) for index in range(DAYS)]


def _sales() -> charts.Chart | None:
    return charts.line_chart(
        labels=[f"{day.day}/{day.month}" for day in _days()],
        now=[round(value * 2120) for value in _wave(3, 0.16)],
        now_name=gettext("This period"),
        then=[round(value * 1960) for value in _wave(8, 0.05)],
        then_name=gettext("Period before"),
        write=lambda value: display(charts.as_decimal(value), "SEK"),
    )


def _sign_ups() -> charts.Chart | None:
    return charts.columns(
        labels=[f"{day.day}/{day.month}" for day in _days()],
        values=[round(value / 9) for value in _wave(5, 0.4)],
        name=gettext("New members"),
    )


def _cohorts() -> list[dict[str, Any]]:
    shares: list[tuple[str, list[float | None]]] = [
        ("Jun", [1, 0.41, 0.34, 0.31]),
        ("Jul", [1, 0.44, 0.37, None]),
        ("Aug", [1, 0.43, None, None]),
        ("Sep", [1, None, None, None]),
    ]
    return [
        {
            "label": label,
            "cells": charts.heat(
                row,
                low=0.28,
                high=0.52,
                write=lambda value: f"{float(value) * 100:.0f}",
            ),
        }
        for label, row in shares
    ]


def _jobs() -> list[progress.Progress]:
    return [
        progress.Progress(
            state=progress.State.RUNNING,
            title=gettext("Reading receipts"),
            done=timezone.localtime().second,
            total=60,
            message=gettext("This one follows the clock and starts over every minute."),
        ),
        progress.Progress(
            state=progress.State.DONE,
            title=gettext("Export of members"),
            result_url=reverse("common:styleguide-table"),
            result_label=gettext("Open"),
            key="job-done",
        ),
        progress.Progress(
            state=progress.State.FAILED,
            title=gettext("Import of receipts"),
            done=412,
            total=1000,
            message=gettext("Line 413 has no total. Mend the file and start again."),
            key="job-failed",
        ),
    ]
