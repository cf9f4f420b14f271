"""The list of breaches, and its panel."""

from datetime import datetime
from typing import Any

import django_tables2 as tables2
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from common.ui.tables import MomentColumn, NumberColumn, Table, TableView
from consent.breaches.rules import Clock, clock_of
from consent.breaches.words import clock_in_words, clock_tone
from consent.desk.audits import note_export
from consent.desk.frame import answer
from consent.models import Breach
from stores.middleware import programme_of
from stores.views.pages import staff_of


class BreachTable(Table):
    """Breaches; the open ones first."""

    title = tables2.Column(verbose_name=gettext_lazy("What happened"), orderable=False)
    aware_at = MomentColumn(verbose_name=gettext_lazy("Aware since"))
    members_touched = NumberColumn(verbose_name=gettext_lazy("Members"), default="–")
    risk = tables2.Column(verbose_name=gettext_lazy("Risk"), orderable=False)
    clock = tables2.Column(
        verbose_name=gettext_lazy("Clock"), empty_values=(), orderable=False
    )

    caption = gettext_lazy("Breaches")
    empty_icon = "shield-check"
    empty_title = gettext_lazy("No breach is on record")
    empty_text = gettext_lazy(
        "Write down every one, also those that nobody has to be told of (art. 33(5))."
    )

    now: datetime

    def render_title(self, record: Breach) -> SafeString:
        return format_html(
            '<span class="two-line"><a class="link" href="{}"><b>{}</b></a>'
            "<small>{}</small></span>",
            reverse("privacy:breach-detail", args=[record.public_id]),
            record.title,
            _("Closed") if record.closed_at else pgettext("of a case", "Open"),
        )

    def value_title(self, record: Breach) -> str:
        return record.title

    def render_clock(self, record: Breach) -> SafeString:
        clock = clock_for(record, self.now)
        tone = clock_tone(clock)
        return format_html(
            '<span class="pill{}">{}</span>',
            f" pill--{tone}" if tone else "",
            clock_in_words(clock, record),
        )

    def value_clock(self, record: Breach) -> str:
        return clock_in_words(clock_for(record, self.now), record)


class BreachList(TableView):
    """The log of breaches."""

    table_class = BreachTable
    template_name = "consent/breaches/breach_list.html"
    title = gettext_lazy("Breaches")
    subtitle = gettext_lazy("What went wrong with members' data, and who was told.")
    csv_name = "breaches"

    def get_queryset(self) -> QuerySet[Breach]:
        """Return the breaches of the programme, the open ones first."""
        return Breach.objects.filter(programme=programme_of(self.request)).order_by(
            F("closed_at").desc(nulls_first=True), "-aware_at"
        )

    def _table(self, request: HttpRequest, rows: Any) -> Table:
        table = super()._table(request, rows)
        table.now = timezone.now()
        return table

    def before_export(self) -> None:
        """Note that the list left the house."""
        note_export(
            programme=programme_of(self.request),
            staff=staff_of(self.request),
            what="breaches",
            filters=self.request.GET,
            now=timezone.now(),
        )


@require_safe
def breaches_panel(request: HttpRequest) -> HttpResponse:
    """Answer with the clocks that run, for the overview."""
    now = timezone.now()
    breaches = Breach.objects.filter(programme=programme_of(request), closed_at=None)
    rows = []
    for breach in breaches.order_by("due_at", "pk")[:5]:
        clock = clock_for(breach, now)
        rows.append(
            {
                "breach": breach,
                "clock": clock_in_words(clock, breach),
                "tone": clock_tone(clock),
            }
        )
    return answer(
        request,
        "consent/breaches/_breaches_panel.html",
        {"rows": rows},
        title=_("Breaches"),
    )


def clock_for(breach: Breach, now: datetime) -> Clock:
    """Return how the clock of a breach stands."""
    return clock_of(
        due_at=breach.due_at,
        authority_told_at=breach.authority_told_at,
        is_harmless=breach.risk == Breach.Risk.NONE,
        closed_at=breach.closed_at,
        now=now,
    )
