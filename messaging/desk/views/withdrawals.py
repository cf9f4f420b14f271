"""What members took back, beside the message that they had got shortly before."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import django_filters
import django_tables2 as tables2
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.periods import start_of_day
from common.ui import charts
from common.ui.forms import DateInput
from common.ui.tables import MomentColumn, Table, TableView, two_lines
from consent.desk.audits import note_export
from consent.desk.frame import answer
from consent.desk.periods import in_steps, span_of
from consent.models import Channel, ConsentEntry, Purpose
from members import care
from messaging.desk import kinds, selectors
from stores.middleware import programme_of
from stores.views.pages import staff_of

# What a filter says for: nothing was sent before.
NOTHING = "none"
_SHOWN_KINDS = 8


class WithdrawalFilter(django_filters.FilterSet):
    """When, what, and after which message."""

    since = django_filters.DateFilter(
        method="from_day",
        label=gettext_lazy("From"),
        widget=DateInput(attrs={"aria-label": gettext_lazy("From")}),
    )
    until = django_filters.DateFilter(
        method="to_day",
        label=gettext_lazy("To"),
        widget=DateInput(attrs={"aria-label": gettext_lazy("To")}),
    )
    purpose = django_filters.ChoiceFilter(
        choices=Purpose.choices,
        label=gettext_lazy("Purpose"),
        empty_label=gettext_lazy("Every purpose"),
    )
    channel = django_filters.ChoiceFilter(
        choices=Channel.choices,
        label=gettext_lazy("Channel"),
        empty_label=gettext_lazy("Every channel"),
    )
    after = django_filters.ChoiceFilter(
        method="by_message",
        label=gettext_lazy("After"),
        empty_label=gettext_lazy("After anything"),
    )

    class Meta:
        model = ConsentEntry
        fields = ("since", "until", "purpose", "channel", "after")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["after"].extra["choices"] = [
            (NOTHING, _("No message before")),
            *kinds.choices(),
        ]

    def from_day(
        self, rows: QuerySet[ConsentEntry], _name: str, value: date
    ) -> QuerySet[ConsentEntry]:
        zone = programme_of(self.request).zone
        return rows.filter(at__gte=start_of_day(value, zone))

    def to_day(
        self, rows: QuerySet[ConsentEntry], _name: str, value: date
    ) -> QuerySet[ConsentEntry]:
        zone = programme_of(self.request).zone
        return rows.filter(at__lt=start_of_day(value + timedelta(days=1), zone))

    def by_message(
        self, rows: QuerySet[ConsentEntry], _name: str, value: str
    ) -> QuerySet[ConsentEntry]:
        if value == NOTHING:
            return rows.filter(Q(before_kind=None))
        return rows.filter(Q(before_kind=value))


class WithdrawalTable(Table):
    """What was taken back; who by is masked."""

    member = tables2.Column(verbose_name=gettext_lazy("Member"), orderable=False)
    purpose = tables2.Column(verbose_name=gettext_lazy("What"), orderable=False)
    source = tables2.Column(verbose_name=gettext_lazy("Where"), orderable=False)
    at = MomentColumn(verbose_name=gettext_lazy("When"))
    before_kind = tables2.Column(
        verbose_name=gettext_lazy("The message before"),
        empty_values=(),
        orderable=False,
    )

    caption = gettext_lazy("What was taken back")
    empty_icon = "circle-check"
    empty_title = gettext_lazy("Nobody has taken anything back")

    def render_member(self, record: ConsentEntry) -> SafeString:
        contact = care.masked(record.member)
        shown = contact.phone if record.channel != Channel.EMAIL else contact.email
        return two_lines(care.label_of(record.member), shown or contact.email)

    def value_member(self, record: ConsentEntry) -> str:
        return record.member.number

    def render_purpose(self, record: ConsentEntry) -> SafeString:
        return two_lines(
            f"{record.get_purpose_display()} · {record.get_channel_display()}",
            record.get_action_display(),
        )

    def value_purpose(self, record: ConsentEntry) -> str:
        return (
            f"{record.get_action_display()}: {record.get_purpose_display()}, "
            f"{record.get_channel_display()}"
        )

    def render_source(self, record: ConsentEntry) -> str:
        return record.get_source_display()

    def render_before_kind(self, record: Any) -> SafeString | str:
        if record.before_id is None:
            return format_html('<span class="muted">{}</span>', _("None in seven days"))
        return format_html(
            '<span class="two-line"><a class="link" href="{}">{}</a>'
            "<small>{}</small></span>",
            reverse("message-desk:message-detail", args=[record.before_id]),
            kinds.label_of(record.before_kind),
            _how_long(record),
        )

    def value_before_kind(self, record: Any) -> str:
        return kinds.label_of(record.before_kind) if record.before_kind else ""


class WithdrawalList(TableView):
    """What was taken back, the latest first, and which messages stood before."""

    table_class = WithdrawalTable
    filterset_class = WithdrawalFilter
    template_name = "messaging/desk/withdrawal_list.html"
    title = gettext_lazy("Withdrawals")
    subtitle = gettext_lazy(
        "Each beside the last marketing message or survey of the seven days before."
    )
    csv_name = "withdrawals"
    exact_count = False

    def get_queryset(self) -> QuerySet[ConsentEntry]:
        """Return what was taken back in the programme."""
        return (
            selectors.list_taken_back(programme=programme_of(self.request))
            .select_related("member__programme")
            .order_by("-at", "-pk")
        )

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add which messages stood before."""
        counts = selectors.count_taken_back_by_kind(extra["filterset"].qs)
        return super().get_context_data(
            by_kind=_bars(counts),
            total=sum(number for _kind, number in counts),
            **extra,
        )

    def before_export(self) -> None:
        """Note that the list left the house."""
        note_export(
            programme=programme_of(self.request),
            staff=staff_of(self.request),
            what="withdrawals",
            filters=self.request.GET,
            now=timezone.now(),
        )


@require_safe
def withdrawals_panel(request: HttpRequest) -> HttpResponse:
    """Answer with the last thirty days' withdrawals for the overview."""
    programme = programme_of(request)
    span = span_of(30, zone=programme.zone, now=timezone.now())
    by_day = selectors.count_taken_back_by_day(
        programme=programme, since=span.starts_at, zone=programme.zone
    )
    total = sum(by_day.values())
    steps = in_steps(span, by_day)
    recent = selectors.list_taken_back(programme=programme).filter(
        at__gte=span.starts_at
    )
    context = {
        "total": total,
        "chart": charts.columns(
            labels=[date_format(day, "SHORT_DAY_FORMAT") for day, _number in steps],
            values=[number for _day, number in steps],
            name=_("Taken back"),
        )
        if total
        else None,
        "by_kind": _bars(selectors.count_taken_back_by_kind(recent))[:3]
        if total
        else [],
    }
    return answer(
        request,
        "messaging/desk/_withdrawals_panel.html",
        context,
        title=_("Withdrawals"),
    )


def _bars(counts: list[tuple[str | None, int]]) -> list[charts.Bar]:
    url = reverse("message-desk:withdrawal-list")
    shown = [
        (
            kinds.label_of(kind) if kind else _("No message before"),
            number,
            f"{url}?{urlencode({'after': kind or NOTHING})}",
        )
        for kind, number in counts[:_SHOWN_KINDS]
    ]
    return charts.bars(shown)


def _how_long(record: Any) -> str:
    hours = int((record.at - record.before_at).total_seconds() // 3600)
    if hours < 1:
        return _("less than an hour before")
    if hours < 48:
        return _("%(number)s h before") % {"number": hours}
    return _("%(number)s days before") % {"number": hours // 24}
