"""The audit trail: read, filtered, exported, checked."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import django_filters
import django_tables2 as tables2
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from common.periods import start_of_day
from common.ui.forms import DateInput
from common.ui.tables import MomentColumn, SearchFilter, Table, TableView, two_lines
from common.ui.toasts import toast
from stores import audit, selectors
from stores.middleware import programme_of
from stores.models import AuditEntry
from stores.roles import Role
from stores.views.pages import staff_of


class AuditFilter(django_filters.FilterSet):
    """Who, what, which member, when."""

    q = SearchFilter(method="by_actor", label=gettext_lazy("Search who did it"))
    action = django_filters.ChoiceFilter(
        label=gettext_lazy("What"), empty_label=gettext_lazy("Everything")
    )
    member = django_filters.UUIDFilter(
        field_name="member_id",
        label=gettext_lazy("Member's id"),
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Member's id")}),
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
        fields = ("q", "action", "member", "since", "until")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["action"].extra["choices"] = audit.actions()

    def by_actor(
        self, rows: QuerySet[AuditEntry], _name: str, value: str
    ) -> QuerySet[AuditEntry]:
        # By a name that the selector annotated.
        return rows.filter(Q(actor_name__icontains=value))

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


class AuditTable(Table):
    """Entries."""

    at = MomentColumn(verbose_name=gettext_lazy("When"))
    actor_name = tables2.Column(
        verbose_name=gettext_lazy("Who"), empty_values=(), orderable=False
    )
    action = tables2.Column(verbose_name=gettext_lazy("What"))
    subject = tables2.Column(
        verbose_name=gettext_lazy("About"), empty_values=(), orderable=False
    )
    reason = tables2.Column(
        verbose_name=gettext_lazy("Why"), empty_values=(), orderable=False
    )

    caption = gettext_lazy("Audit trail")
    empty_icon = "shield-check"
    empty_title = gettext_lazy("Nothing has happened yet")

    # The names of what a page's entries are about; set by the view.
    names: dict[str, str] | None = None

    def render_actor_name(self, record: AuditEntry) -> SafeString | str:
        kind = AuditEntry.Actor(record.actor_kind).label
        name = getattr(record, "actor_name", "")
        return two_lines(name, str(kind)) if name else str(kind)

    def value_actor_name(self, record: AuditEntry) -> str:
        return getattr(record, "actor_name", "") or str(
            AuditEntry.Actor(record.actor_kind).label
        )

    def render_action(self, value: str) -> str:
        return audit.label_of(value)

    def render_subject(self, record: AuditEntry) -> SafeString | str:
        if record.member_id:
            return format_html('<span class="mono">{}</span>', _short(record.member_id))
        kind, _colon, key = record.subject.partition(":")
        name = (self.names or {}).get(record.subject)
        if name or not key:
            return name or kind
        return format_html('<span class="mono">{}</span>', _short(key))

    def value_subject(self, record: AuditEntry) -> str:
        return f"member:{record.member_id}" if record.member_id else record.subject

    def render_reason(self, record: AuditEntry) -> str:
        return record.reason or _details(record)


class AuditList(TableView):
    """The trail, newest first."""

    table_class = AuditTable
    filterset_class = AuditFilter
    template_name = "stores/audit_list.html"
    title = gettext_lazy("Audit trail")
    subtitle = gettext_lazy("What was done, by whom, and why. Nothing can be changed.")
    csv_name = "audit"
    # Counting millions of entries costs more than reading a page of them.
    exact_count = False
    per_page = 50

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """Return the entries of the programme."""
        entries = selectors.list_audit(programme=programme_of(self.request))
        return entries.order_by("-at", "-id")

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add the names of the page's subjects and the state of the chains."""
        table = extra["table"]
        rows = [row.record for row in table.paginated_rows]
        table.names = selectors.names_of_subjects(rows)
        return super().get_context_data(trail=selectors.summarize_trail(), **extra)

    def before_export(self) -> None:
        """Note that the trail left the house."""
        audit.record(
            programme=programme_of(self.request),
            actor=staff_of(self.request),
            action="audit.exported",
            now=timezone.now(),
            data={"filter": sorted(self.request.GET)},
        )


@require_POST
def audit_check(request: HttpRequest) -> HttpResponse:
    """Recompute every chain and say whether it holds."""
    found = audit.verify()
    audit.record(
        programme=programme_of(request),
        actor=staff_of(request),
        action="audit.checked",
        now=timezone.now(),
        data={"entries": found.entries, "breaks": len(found.breaks)},
    )
    if found.is_whole:
        text = ngettext(
            "%(number)s entry checked: every chain holds.",
            "%(number)s entries checked: every chain holds.",
            found.entries,
        )
        toast(request, text % {"number": found.entries})
    else:
        places = len(found.breaks)
        text = ngettext(
            "The audit trail was changed: it does not hold in %(number)s place.",
            "The audit trail was changed: it does not hold in %(number)s places.",
            places,
        )
        toast(request, text % {"number": places}, tone="error")
    return redirect("stores:audit-list")


def _short(key: str | UUID) -> str:
    return f"…{str(key)[-12:]}"


def _details(entry: AuditEntry) -> str:
    """Write what little the data says: changed fields, and roles in words."""
    roles = entry.data.get("roles")
    if roles:
        names = dict(Role.choices)
        held = {role.partition("@")[0] for role in roles}
        return ", ".join(sorted(str(names.get(role, role)) for role in held))
    return ", ".join(str(field) for field in entry.data.get("fields", []))
