"""Every goodwill with its reason, who gave it, and whether the member came back."""

import re
from datetime import date, datetime
from typing import Any

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.money import display
from common.periods import add_months, local_day
from common.ui.charts import percent
from common.ui.tables import MomentColumn, NumberColumn, Table, TableView, two_lines
from members.cards import display_number
from members.roles import SEE_MEMBERS
from points import words
from points.goodwill import kinds, selectors
from points.models import GoodwillGrant, GoodwillReason
from stores import audit
from stores.access import roles_of, stores_of
from stores.middleware import programme_of
from stores.models import Programme, Store
from stores.roles import Role
from stores.views.pages import staff_of

CHANGE = frozenset({Role.OWNER, Role.MARKETER})
_SHOWN_MONTHS = 3
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z", re.ASCII)


class GrantFilter(django_filters.FilterSet):
    """For which reason, in which store, and in which form."""

    reason = django_filters.ModelChoiceFilter(
        queryset=GoodwillReason.objects.none(),
        to_field_name="key",
        label=gettext_lazy("Reason"),
        empty_label=gettext_lazy("Every reason"),
    )
    store = django_filters.ModelChoiceFilter(
        queryset=Store.objects.none(),
        to_field_name="public_id",
        label=gettext_lazy("Store"),
        empty_label=gettext_lazy("Every store"),
    )

    class Meta:
        model = GoodwillGrant
        fields = ("reason", "store")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        programme = programme_of(self.request)
        stores = Store.objects.filter(programme=programme).order_by("name")
        own = stores_of(staff_of(self.request))
        reason = self.filters["reason"]
        reason.queryset = selectors.all_reasons(programme)
        reason.field.label_from_instance = lambda each: each.name
        self.filters["store"].queryset = (
            stores if own is None else stores.filter(pk__in=own)
        )


class GrantTable(Table):
    """Grants, the newest first."""

    at = MomentColumn(
        verbose_name=gettext_lazy("When"), attrs={"td": {"class": "wrap wrap--s"}}
    )
    member = tables2.Column(verbose_name=gettext_lazy("Member"), orderable=False)
    reason = tables2.Column(
        verbose_name=gettext_lazy("Reason"), accessor="reason__name", orderable=False
    )
    note = tables2.Column(
        verbose_name=gettext_lazy("Note"), orderable=False, visible=False
    )
    worth = NumberColumn(verbose_name=gettext_lazy("Worth"))
    points = NumberColumn(
        verbose_name=gettext_lazy("Points"), orderable=False, visible=False
    )
    staff = tables2.Column(
        verbose_name=gettext_lazy("Given by"), accessor="staff__name", orderable=False
    )
    approved_by = tables2.Column(
        verbose_name=gettext_lazy("Approved by"),
        accessor="approved_by__name",
        orderable=False,
        visible=False,
    )
    # In two lines with others, so that a tablet shows all of it; a file has them apart.
    store = tables2.Column(
        verbose_name=gettext_lazy("Store"),
        accessor="store__name",
        orderable=False,
        visible=False,
    )
    visits_since = NumberColumn(
        verbose_name=gettext_lazy("Visits since"), orderable=False, visible=False
    )
    spend_since = NumberColumn(verbose_name=gettext_lazy("Bought since"))

    caption = gettext_lazy("Goodwill, the newest first")
    empty_icon = "heart-handshake"
    empty_title = gettext_lazy("Nothing was given")
    empty_text = gettext_lazy(
        "Staff give goodwill at the till, from the member's answer."
    )
    # Whether the person who looks may open a member's page.
    links_members = False

    def render_at(self, value: datetime, record: GoodwillGrant) -> SafeString:
        given_at = date_format(timezone.localtime(value), "DATETIME_FORMAT")
        return two_lines(given_at, record.store.name)

    def render_member(self, record: GoodwillGrant) -> SafeString:
        number = display_number(record.member.number)
        name = short_name(record)
        if not self.links_members:
            return two_lines(name, number)
        return format_html(
            '<a href="{}">{}</a>',
            reverse("members:member-detail", args=[record.member.public_id]),
            two_lines(name, number),
        )

    def value_member(self, record: GoodwillGrant) -> str:
        return record.member.number

    def render_worth(self, record: GoodwillGrant) -> SafeString:
        given = (
            words.points(record.points) if record.points else record.get_form_display()
        )
        return two_lines(display(record.worth, record.currency), str(given))

    def value_worth(self, value: Any) -> Any:
        return value

    def render_staff(self, record: GoodwillGrant) -> str:
        approver = record.approved_by
        if approver is None:
            return record.staff.name
        approved = _("approved by %(name)s") % {"name": approver.name}
        return two_lines(record.staff.name, approved)

    def value_staff(self, record: GoodwillGrant) -> str:
        return record.staff.name

    def render_spend_since(self, record: Any) -> SafeString:
        visits = ngettext("%(n)s visit", "%(n)s visits", record.visits_since)
        return two_lines(
            display(record.spend_since, record.currency),
            visits % {"n": words.number(record.visits_since)},
        )

    def value_spend_since(self, value: Any) -> Any:
        return value


class GrantList(TableView):
    """The goodwill of a month; a store manager sees the stores they belong to."""

    table_class = GrantTable
    filterset_class = GrantFilter
    template_name = "points/goodwill/grant_list.html"
    title = gettext_lazy("Goodwill")
    subtitle = gettext_lazy(
        "What staff gave to make something good, and whether the members came back."
    )
    csv_name = "goodwill"
    per_page = 50

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Answer for the month asked for, or this one."""
        programme = programme_of(request)
        self.today = local_day(timezone.now(), programme.zone).replace(day=1)
        self.month = month_of(request.GET.get("month", ""), self.today)
        return super().get(request)

    def get_queryset(self) -> QuerySet[GoodwillGrant]:
        """Return the month's grants in the stores that the person may see."""
        programme = programme_of(self.request)
        starts_at, ends_at = selectors.month_bounds(self.month, programme)
        return (
            selectors.list_grants(
                programme=programme, store_ids=stores_of(staff_of(self.request))
            )
            .filter(at__gte=starts_at, at__lt=ends_at)
            .order_by("-at")
        )

    def _table(self, request: HttpRequest, rows: Any) -> Table:
        table = super()._table(request, rows)
        if isinstance(table, GrantTable):
            table.links_members = bool(roles_of(staff_of(request)) & SEE_MEMBERS)
        return table

    def before_export(self) -> None:
        """Note who took the file, for it names staff."""
        programme = programme_of(self.request)
        audit.record(
            programme=programme,
            actor=staff_of(self.request),
            action=kinds.EXPORTED,
            now=timezone.now(),
            data={"month": f"{self.month:%Y-%m}"},
        )

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add the month's totals, which a filter of the table does not change."""
        staff = staff_of(self.request)
        programme = programme_of(self.request)
        context: dict[str, Any] = {
            "month": f"{self.month:%Y-%m}",
            "months": _months(self.today),
            "currency": programme.currency,
            "may_change": bool(roles_of(staff) & CHANGE),
        }
        if not extra["is_partial"]:
            context |= self._summary(programme)
        return super().get_context_data(**context, **extra)

    def _summary(self, programme: Programme) -> dict[str, Any]:
        summary = selectors.summarize(
            programme=programme,
            store_ids=stores_of(staff_of(self.request)),
            month=self.month,
        )
        share = summary.came_back / summary.members if summary.members else None
        return {
            "summary": summary,
            "came_back": "" if share is None else percent(share),
        }


def month_of(asked: str, today: date) -> date:
    """Return the first day of a month written as `2026-11`; of this one otherwise."""
    if not _MONTH.match(asked) or not 2000 <= int(asked[:4]) < 9000:
        return today
    return min(date(int(asked[:4]), int(asked[5:]), 1), today)


def short_name(grant: GoodwillGrant) -> str:
    """Return the first name and the first letter of the last one."""
    member = grant.member
    last = f" {member.last_name[:1]}." if member.last_name else ""
    return f"{member.first_name}{last}" or _("No name")


def _months(today: date) -> list[tuple[str, str]]:
    months = [add_months(today, -back) for back in range(_SHOWN_MONTHS)]
    return [
        (f"{each:%Y-%m}", capfirst(date_format(each, "YEAR_MONTH_FORMAT")))
        for each in reversed(months)
    ]
