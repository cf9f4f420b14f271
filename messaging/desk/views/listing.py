"""Past messages: found by member, day and kind."""

from datetime import date, timedelta
from typing import Any

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.periods import start_of_day
from common.ui.forms import DateInput
from common.ui.tables import MomentColumn, SearchFilter, Table, TableView, two_lines
from consent.desk import words
from consent.desk.audits import note_export
from consent.models import MESSAGE_CHANNELS
from members import care, search
from messaging.desk import kinds, selectors
from messaging.desk.proof import masked_address
from messaging.models import Message
from stores.middleware import programme_of
from stores.views.pages import staff_of

STATE_TONES = {
    Message.State.SENT: "good",
    Message.State.STOPPED: "bad",
    Message.State.FAILED: "bad",
    Message.State.UNKNOWN: "warn",
}
_CHANNELS = [(channel.value, channel.label) for channel in MESSAGE_CHANNELS]


class MessageFilter(django_filters.FilterSet):
    """To whom, what, when, and what became of it."""

    q = SearchFilter(
        method="by_member", label=gettext_lazy("Member: name, number, phone or e-mail")
    )
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
    message_class = django_filters.ChoiceFilter(
        choices=Message.Class.choices,
        label=gettext_lazy("Class"),
        empty_label=gettext_lazy("Every class"),
    )
    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("Message"), empty_label=gettext_lazy("Every message")
    )
    channel = django_filters.ChoiceFilter(
        choices=_CHANNELS,
        label=gettext_lazy("Channel"),
        empty_label=gettext_lazy("Every channel"),
    )
    stop = django_filters.ChoiceFilter(
        method="by_stop",
        choices=words.codes,
        label=gettext_lazy("Stopped because"),
        empty_label=gettext_lazy("Sent or stopped"),
    )

    class Meta:
        model = Message
        fields = ("q", "since", "until", "message_class", "kind", "channel", "stop")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["kind"].extra["choices"] = kinds.choices()

    def by_member(
        self, rows: QuerySet[Message], _name: str, value: str
    ) -> QuerySet[Message]:
        matches = search.find(value, programme=programme_of(self.request))
        return rows if matches is None else rows.filter(member__in=matches.ids)

    def from_day(
        self, rows: QuerySet[Message], _name: str, value: date
    ) -> QuerySet[Message]:
        zone = programme_of(self.request).zone
        return rows.filter(queued_at__gte=start_of_day(value, zone))

    def to_day(
        self, rows: QuerySet[Message], _name: str, value: date
    ) -> QuerySet[Message]:
        zone = programme_of(self.request).zone
        return rows.filter(queued_at__lt=start_of_day(value + timedelta(days=1), zone))

    def by_stop(
        self, rows: QuerySet[Message], _name: str, value: str
    ) -> QuerySet[Message]:
        return selectors.list_stopped(rows).filter(error=value)


class MessageTable(Table):
    """Messages, with addresses masked."""

    kind = tables2.Column(verbose_name=gettext_lazy("Message"), orderable=False)
    member = tables2.Column(
        verbose_name=gettext_lazy("To"), empty_values=(), orderable=False
    )
    channel = tables2.Column(verbose_name=gettext_lazy("Channel"), orderable=False)
    queued_at = MomentColumn(verbose_name=gettext_lazy("When"))
    state = tables2.Column(
        verbose_name=gettext_lazy("What became of it"), orderable=False
    )
    why = tables2.Column(
        verbose_name=gettext_lazy("Why"), empty_values=(), orderable=False
    )

    caption = gettext_lazy("Messages")
    empty_icon = "mail-off"
    empty_title = gettext_lazy("No messages here")
    empty_text = gettext_lazy("Every message is listed, also what was stopped.")

    def render_kind(self, record: Message) -> SafeString:
        return format_html(
            '<span class="two-line"><a class="link" href="{}"><b>{}</b></a>'
            "<small>{}</small></span>",
            reverse("message-desk:message-detail", args=[record.public_id]),
            kinds.label_of(record.kind),
            record.get_message_class_display(),
        )

    def value_kind(self, record: Message) -> str:
        return kinds.label_of(record.kind)

    def render_member(self, record: Message) -> SafeString | str:
        address = masked_address(record)
        if record.member is None:
            return two_lines(_("Not a member"), address)
        return two_lines(care.label_of(record.member), address)

    def value_member(self, record: Message) -> str:
        return record.member.number if record.member else ""

    def render_state(self, record: Message) -> SafeString:
        tone = STATE_TONES.get(Message.State(record.state), "")
        return format_html(
            '<span class="pill{}">{}</span>',
            f" pill--{tone}" if tone else "",
            record.get_state_display(),
        )

    def value_state(self, record: Message) -> str:
        return record.get_state_display()

    def render_why(self, record: Message) -> str:
        if record.state == Message.State.STOPPED:
            return str(words.stop_of(record.error).title)
        return str(words.answer_for(str(record.gate.get("code", ""))).title)


class MessageList(TableView):
    """Every message of the club, newest first."""

    table_class = MessageTable
    filterset_class = MessageFilter
    template_name = "messaging/desk/message_list.html"
    title = gettext_lazy("Messages")
    subtitle = gettext_lazy("Open one to see what allowed it.")
    csv_name = "messages"
    # Counting millions of messages costs more than reading a page of them.
    exact_count = False

    def get_queryset(self) -> QuerySet[Message]:
        """Return the messages of the programme."""
        return selectors.list_messages(programme=programme_of(self.request))

    def before_export(self) -> None:
        """Note that the list left the house."""
        note_export(
            programme=programme_of(self.request),
            staff=staff_of(self.request),
            what="messages",
            filters=self.request.GET,
            now=timezone.now(),
        )
