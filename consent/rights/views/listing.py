"""The list of requests, with the clock of each."""

from datetime import datetime
from typing import Any

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from common.ui.tables import DayColumn, Table, TableView
from consent.models import RightsRequest
from consent.rights import rules, selectors
from consent.rights.roles import MAY_CARRY_OUT
from members import care
from members.views.frame import staff_of
from stores.access import roles_of
from stores.middleware import programme_of

_WHICH = [
    ("open", pgettext_lazy("of requests", "Open")),
    ("overdue", pgettext_lazy("of requests", "Overdue")),
    ("closed", pgettext_lazy("of requests", "Closed")),
]
_TONES = {"over": "bad", "soon": "warn", "": "info"}


class RequestFilter(django_filters.FilterSet):
    """Which requests are shown."""

    which = django_filters.ChoiceFilter(
        method="by_which",
        choices=_WHICH,
        label=gettext_lazy("Which"),
        empty_label=gettext_lazy("Open and closed"),
    )
    kind = django_filters.ChoiceFilter(
        choices=RightsRequest.Kind.choices,
        label=gettext_lazy("What is asked for"),
        empty_label=gettext_lazy("Everything asked for"),
    )
    source = django_filters.ChoiceFilter(
        choices=RightsRequest.Source.choices,
        label=gettext_lazy("How it came"),
        empty_label=gettext_lazy("However it came"),
    )

    class Meta:
        model = RightsRequest
        fields = ("which", "kind", "source")

    def by_which(
        self, rows: QuerySet[RightsRequest], _name: str, value: str
    ) -> QuerySet[RightsRequest]:
        if value == "closed":
            return rows.filter(closed_at__isnull=False)
        rows = rows.filter(closed_at=None)
        return rows.filter(due_at__lte=timezone.now()) if value == "overdue" else rows


class RequestTable(Table):
    """Who asked for what, and how long there is to answer."""

    kind = tables2.Column(verbose_name=gettext_lazy("What"), orderable=False)
    member = tables2.Column(verbose_name=gettext_lazy("Member"), orderable=False)
    state = tables2.Column(verbose_name=gettext_lazy("State"), orderable=False)
    received_at = DayColumn(verbose_name=gettext_lazy("Came"))
    due_at = DayColumn(verbose_name=gettext_lazy("Answer by"))
    handled_by = tables2.Column(
        verbose_name=gettext_lazy("Who"), orderable=False, default="–"
    )

    caption = gettext_lazy("Requests about members' data")
    empty_icon = "inbox"
    empty_title = gettext_lazy("Nobody has asked for anything yet")
    empty_text = gettext_lazy(
        "What members ask for on their pages comes here, and what you write down for "
        "those who write, call or come."
    )

    def render_kind(self, record: RightsRequest) -> SafeString:
        return format_html(
            '<span class="two-line"><b><a href="{}">{}</a></b><small>{}</small></span>',
            reverse("privacy:request-detail", args=[record.public_id]),
            record.get_kind_display(),
            record.get_source_display(),
        )

    def render_member(self, record: RightsRequest) -> str:
        if record.member.status == record.member.Status.ERASED:
            return _("Erased")
        return care.label_of(record.member)

    def render_state(self, record: RightsRequest) -> SafeString:
        tone = {"DONE": " pill--good", "COOLING": " pill--warn"}.get(record.state, "")
        return format_html(
            '<span class="pill{}">{}</span>', tone, record.get_state_display()
        )

    def render_due_at(self, record: RightsRequest, value: datetime) -> SafeString | str:
        column: Any = self.columns["due_at"].column
        day = column.render(value)
        if record.closed_at is not None:
            return str(day)
        return format_html(
            '<span class="two-line"><b>{}</b><small>{}</small></span>',
            day,
            clock(record, now=timezone.now()),
        )


def clock(asked: RightsRequest, *, now: datetime) -> SafeString:
    """Say how many days are left to answer, in red when none is."""
    left = rules.days_left(asked.due_at, now=now)
    urgency = selectors.urgency(asked.due_at, asked.closed_at, now=now)
    if urgency == "over":
        words = ngettext("%(days)s day overdue", "%(days)s days overdue", -left) % {
            "days": -left
        }
    else:
        words = ngettext("%(days)s day left", "%(days)s days left", left) % {
            "days": left
        }
    return format_html('<span class="pill pill--{}">{}</span>', _TONES[urgency], words)


class RequestList(TableView):
    """What members asked for, the most urgent first."""

    table_class = RequestTable
    filterset_class = RequestFilter
    template_name = "consent/rights/request_list.html"
    title = gettext_lazy("Requests")
    subtitle = gettext_lazy("What members ask about their data, and until when.")

    def get_queryset(self) -> QuerySet[RightsRequest]:
        """Return the club's requests, open ones first."""
        return selectors.list_of_club(programme_of(self.request))

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Show the way to the templates to who may write them."""
        roles = roles_of(staff_of(self.request))
        extra["may_carry_out"] = bool(MAY_CARRY_OUT & roles)
        return super().get_context_data(**extra)
