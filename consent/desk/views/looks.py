"""Who looked at which member: the list, the counts, and a panel on member pages."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.periods import start_of_day
from common.ui.forms import DateInput
from common.ui.tables import MomentColumn, SearchFilter, Table, TableView, two_lines
from consent.desk import looks
from consent.desk.audits import LOOKS_VIEWED, note_export
from consent.desk.periods import PERIODS, read_period, span_of
from members import care, search
from members.models import Member
from members.views.frame import answer, member_of
from stores import audit
from stores.middleware import programme_of
from stores.models import AuditEntry, Staff
from stores.views.pages import staff_of

_ON_A_MEMBER = 8


class LookFilter(django_filters.FilterSet):
    """At whom, by whom, how, and when."""

    q = SearchFilter(
        method="by_member", label=gettext_lazy("Member: name, number, phone or e-mail")
    )
    staff = django_filters.ModelChoiceFilter(
        method="by_staff",
        queryset=Staff.objects.none(),
        to_field_name="public_id",
        label=gettext_lazy("Who looked"),
        empty_label=gettext_lazy("Everybody"),
    )
    action = django_filters.ChoiceFilter(
        label=gettext_lazy("How"), empty_label=gettext_lazy("Every way")
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

    class Meta:
        model = AuditEntry
        fields = ("q", "staff", "action", "since", "until")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["action"].extra["choices"] = [
            (action, audit.label_of(action)) for action in looks.actions()
        ]
        self.filters["staff"].queryset = Staff.objects.filter(
            programme=programme_of(self.request)
        ).order_by("name", "pk")

    def by_member(
        self, rows: QuerySet[AuditEntry], _name: str, value: str
    ) -> QuerySet[AuditEntry]:
        matches = search.find(value, programme=programme_of(self.request))
        if matches is None:
            return rows
        ids = Member.objects.filter(pk__in=matches.ids).values_list("public_id")
        return rows.filter(member_id__in=ids)

    def by_staff(
        self, rows: QuerySet[AuditEntry], _name: str, value: Staff
    ) -> QuerySet[AuditEntry]:
        return rows.filter(actor_id=value.public_id)

    def from_day(
        self, rows: QuerySet[AuditEntry], _name: str, value: date
    ) -> QuerySet[AuditEntry]:
        zone = programme_of(self.request).zone
        return rows.filter(at__gte=start_of_day(value, zone))

    def to_day(
        self, rows: QuerySet[AuditEntry], _name: str, value: date
    ) -> QuerySet[AuditEntry]:
        zone = programme_of(self.request).zone
        return rows.filter(at__lt=start_of_day(value + timedelta(days=1), zone))


class LookTable(Table):
    """Looks at members."""

    at = MomentColumn(verbose_name=gettext_lazy("When"))
    actor_name = tables2.Column(
        verbose_name=gettext_lazy("Who looked"), empty_values=(), orderable=False
    )
    member_id = tables2.Column(verbose_name=gettext_lazy("At whom"), orderable=False)
    action = tables2.Column(verbose_name=gettext_lazy("How"), orderable=False)
    reason = tables2.Column(
        verbose_name=gettext_lazy("Why"), default="–", orderable=False
    )

    caption = gettext_lazy("Looks at members")
    empty_icon = "eye-off"
    empty_title = gettext_lazy("Nobody has looked")

    # The members of the page's rows; set by the view.
    members: dict[UUID, Member] | None = None

    def render_actor_name(self, record: Any) -> SafeString | str:
        kind = str(AuditEntry.Actor(record.actor_kind).label)
        return two_lines(record.actor_name, kind) if record.actor_name else kind

    def value_actor_name(self, record: Any) -> str:
        return record.actor_name or str(AuditEntry.Actor(record.actor_kind).label)

    def render_member_id(self, record: AuditEntry) -> SafeString | str:
        member = (self.members or {}).get(record.member_id)  # type: ignore[arg-type]
        if member is None or member.status == Member.Status.ERASED:
            return _("An erased member")
        return format_html(
            '<a class="link" href="{}">{}</a>',
            reverse("members:member-detail", args=[member.public_id]),
            care.label_of(member),
        )

    def value_member_id(self, record: AuditEntry) -> str:
        return str(record.member_id)

    def render_action(self, value: str) -> str:
        return audit.label_of(value)


class LookList(TableView):
    """Who looked at whom; each reading of it is itself on record."""

    table_class = LookTable
    filterset_class = LookFilter
    template_name = "consent/desk/look_list.html"
    title = gettext_lazy("Who looked")
    subtitle = gettext_lazy("Every look at a member. That you read this is noted too.")
    csv_name = "looks"
    exact_count = False

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """Return the looks at the programme's members, of one member if asked."""
        rows = looks.list_looks(programme=programme_of(self.request))
        member_id = self._member_id()
        if member_id is not None:
            rows = rows.filter(member_id=member_id)
        return rows.order_by("-at", "-id")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and note who read it."""
        response = super().get(request)
        audit.record(
            programme=programme_of(request),
            actor=staff_of(request),
            action=LOOKS_VIEWED,
            now=timezone.now(),
            member_id=self._member_id(),
            data={"fields": sorted(name for name in request.GET if request.GET[name])},
        )
        return response

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add the members of the page's rows, and what stands out in a period."""
        table = extra["table"]
        rows = [row.record for row in table.page.object_list]
        found = Member.objects.select_related("programme").filter(
            public_id__in={row.member_id for row in rows}
        )
        table.members = {member.public_id: member for member in found}
        member_id = self._member_id()
        if extra["is_partial"] or member_id is not None:
            about = table.members.get(member_id) if member_id else None
            return super().get_context_data(about=about, **extra)
        programme = programme_of(self.request)
        period = read_period(self.request.GET.get("period", ""))
        span = span_of(period, zone=programme.zone, now=timezone.now())
        return super().get_context_data(
            lookers=looks.lookers(programme=programme, since=span.starts_at),
            period=str(period),
            periods=PERIODS,
            many=looks.MANY_IN_AN_HOUR,
            since=span.days[0].isoformat(),
            **extra,
        )

    def before_export(self) -> None:
        """Note that the list left the house."""
        note_export(
            programme=programme_of(self.request),
            staff=staff_of(self.request),
            what="looks",
            filters=self.request.GET,
            now=timezone.now(),
        )

    def _member_id(self) -> UUID | None:
        try:
            return UUID(self.request.GET.get("member", ""))
        except ValueError:
            return None


@require_safe
def looks_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with the latest looks at a member, for the member's page."""
    member = member_of(request, public_id)
    rows = looks.list_looks(programme=programme_of(request)).filter(
        member_id=member.public_id
    )
    context = {
        "looks": [
            (entry, audit.label_of(entry.action))
            for entry in rows.order_by("-at", "-id")[:_ON_A_MEMBER]
        ]
    }
    return answer(
        request,
        member,
        "consent/desk/_looks_panel.html",
        context,
        title=_("Who looked"),
    )
