"""The list of members, and its export."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower, NullIf
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.templatetags.ui import initials, tone_of
from common.ui.csv import csv_response
from common.ui.tables import (
    CappedPaginator,
    DayColumn,
    SearchFilter,
    Table,
    TableView,
)
from members import care, list_columns, search
from members.cards import display_number
from members.forms import ExportForm
from members.list_columns import Cells, ListColumn
from members.models import Identifier, Member
from members.views.frame import staff_of
from stores.access import roles_of
from stores.middleware import programme_of
from stores.models import Programme, Store
from stores.roles import Role

FORMER = frozenset({Member.Status.LEFT, Member.Status.MERGED, Member.Status.ERASED})
MAY_EXPORT = frozenset(
    {Role.OWNER, Role.CUSTOMER_SERVICE, Role.DATA_PROTECTION_OFFICER}
)
_STATUSES = [
    (status.value, status.label)
    for status in Member.Status
    if status is not Member.Status.ERASED
]
STATUS_TONES = {
    Member.Status.ACTIVE: "good",
    Member.Status.PENDING: "warn",
    Member.Status.BLOCKED: "bad",
}
_EXPORTED = (
    "number",
    "first_name",
    "last_name",
    "phone",
    "email",
    "status",
    "language",
    "home_store__name",
    "registered_at",
    "activated_at",
)


class MemberFilter(django_filters.FilterSet):
    """What a person remembers, the status, and the home store."""

    q = SearchFilter(
        method="by_words", label=gettext_lazy("Name, number, phone or e-mail")
    )
    status = django_filters.ChoiceFilter(
        choices=_STATUSES,
        label=gettext_lazy("Status"),
        empty_label=gettext_lazy("Every status"),
    )
    store = django_filters.ModelChoiceFilter(
        field_name="home_store",
        queryset=Store.objects.none(),
        to_field_name="public_id",
        label=gettext_lazy("Home store"),
        empty_label=gettext_lazy("Every store"),
    )

    # More were found than are shown.
    is_capped = False
    # By which further identifier somebody was found.
    known_by: Mapping[int, Identifier] = {}

    class Meta:
        model = Member
        fields = ("q", "status", "store")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.filters["store"].queryset = Store.objects.filter(
            programme=programme_of(self.request)
        ).order_by("name")

    def by_words(
        self, rows: QuerySet[Member], _name: str, value: str
    ) -> QuerySet[Member]:
        chosen = self.form.cleaned_data
        matches = search.find(
            value,
            programme=programme_of(self.request),
            status=chosen.get("status") or "",
            home_store_id=chosen["store"].pk if chosen.get("store") else None,
        )
        if matches is None:
            return rows
        self.is_capped = matches.is_capped
        self.known_by = matches.known_by
        return rows.filter(pk__in=matches.ids)


class FurtherColumn(tables2.Column):
    """What another room knows of the members."""

    def __init__(self, column: ListColumn) -> None:
        self.key = column.key
        css = {"class": column.css}
        super().__init__(
            accessor="pk",
            verbose_name=column.title,
            orderable=False,
            attrs={"th": css, "td": css} if column.css else {},
        )

    def render(self, value: int, table: "MemberTable") -> str | SafeString:
        return table.further[self.key].get(value, "—")


class MemberTable(Table):
    """Members, with contact details masked, and what other rooms know of them."""

    name = tables2.Column(
        empty_values=(),
        verbose_name=gettext_lazy("Member"),
        order_by=("last_name", "first_name"),
    )
    status = tables2.Column(
        verbose_name=gettext_lazy("Status"),
        orderable=False,
    )
    contact = tables2.Column(
        empty_values=(), verbose_name=gettext_lazy("Contact"), orderable=False
    )
    home_store = tables2.Column(
        verbose_name=gettext_lazy("Home store"),
        orderable=False,
        attrs={"th": {"class": "roomy"}, "td": {"class": "roomy wrap wrap--s"}},
    )
    registered_at = DayColumn(verbose_name=gettext_lazy("Registered"))

    caption = gettext_lazy("Members")
    empty_icon = "users"
    empty_title = gettext_lazy("No members yet")
    empty_hint = gettext_lazy("They come by the till: a mobile number is enough.")

    def __init__(self, data: Any, **options: Any) -> None:
        columns = [(each.key, FurtherColumn(each)) for each in list_columns.columns()]
        super().__init__(
            data,
            extra_columns=columns,
            sequence=("name", "status", *(key for key, _column in columns), "..."),
            **options,
        )

    def fill(self, programme: Programme, now: datetime) -> None:
        """Have the rooms fill their columns for this page, but for former members."""
        members = [
            row.record.pk
            for row in self.page.object_list
            if row.record.status not in FORMER
        ]
        filled = {
            column.key: column.fill(programme, members, now)
            for column in list_columns.columns()
        }
        self.further = {
            key: cells for key, cells in filled.items() if cells is not None
        }
        for key in filled.keys() - self.further.keys():
            self.columns.hide(key)

    def order_name(
        self, rows: QuerySet[Member], is_descending: bool
    ) -> tuple[QuerySet[Member], bool]:
        # As the index has it; those without a name come last.
        last = NullIf(Lower("last_name"), Value(""))
        first = Lower("first_name")
        if is_descending:
            return rows.order_by(last.desc(), first.desc(), "-pk"), True
        return rows.order_by(last.asc(), first.asc(), "pk"), True

    def order_registered_at(
        self, rows: QuerySet[Member], is_descending: bool
    ) -> tuple[QuerySet[Member], bool]:
        sign = "-" if is_descending else ""
        return rows.order_by(f"{sign}registered_at", f"{sign}pk"), True

    # What other rooms know of the members of the page, by the column's key.
    further: Mapping[str, Cells] = {}
    # By which further identifier somebody was found, by the member's key.
    known_by: Mapping[int, Identifier] = {}

    # In Python and not by templates, which take three times as long for a page.

    def render_name(self, record: Member) -> SafeString:
        name = record.name
        known_by = self.known_by.get(record.pk)
        return format_html(
            '<span class="row"><span class="ava ava--{}" aria-hidden="true">{}</span>'
            '<span class="two-line"><b><a href="{}">{}</a></b><small>{}</small></span>'
            "</span>",
            tone_of(name),
            initials(name),
            reverse("members:member-detail", args=[record.public_id]),
            name or _("No name yet"),
            care.found_by(known_by) if known_by else display_number(record.number),
        )

    def render_status(self, record: Member) -> SafeString:
        tone = STATUS_TONES.get(Member.Status(record.status))
        css = f"pill pill--{tone}" if tone else "pill"
        return format_html(
            '<span class="{}">{}</span>', css, record.get_status_display()
        )

    def render_contact(self, record: Member) -> SafeString | str:
        contact = care.masked(record)
        if contact.phone and contact.email:
            return format_html(
                '<span class="two-line">{}<small>{}</small></span>',
                contact.phone,
                contact.email,
            )
        return contact.phone or contact.email or "—"


class MemberList(TableView):
    """Every member, newest first."""

    table_class = MemberTable
    filterset_class = MemberFilter
    paginator_class = CappedPaginator
    template_name = "members/member_list.html"
    region_template_name = "members/_member_region.html"
    title = gettext_lazy("Members")

    def get_queryset(self) -> QuerySet[Member]:
        """Return the programme's members but for the erased."""
        return list_members(self.request)

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add the way to the export, and say when there are more than shown."""
        if extra["filterset"].is_capped:
            extra["table"].paginator.is_capped = True
        extra["table"].known_by = extra["filterset"].known_by
        extra["table"].fill(programme_of(self.request), timezone.now())
        extra["may_export"] = bool(MAY_EXPORT & roles_of(staff_of(self.request)))
        return super().get_context_data(**extra)


def list_members(request: HttpRequest) -> QuerySet[Member]:
    """Return the members that the list may show."""
    return (
        Member.objects.filter(programme=programme_of(request))
        .exclude(status=Member.Status.ERASED)
        .select_related("programme", "home_store")
        .defer("words")
        .order_by("-registered_at", "-pk")
    )


@require_http_methods(["GET", "POST"])
def member_export(request: HttpRequest) -> HttpResponseBase:
    """Ask why, then send the list that the filters choose as a file."""
    chosen = {
        name: value
        for name in MemberFilter.base_filters
        if (value := (request.POST or request.GET).get(name, ""))
    }
    filterset = MemberFilter(chosen, queryset=list_members(request), request=request)
    rows = filterset.qs
    form = ExportForm(request.POST or None)
    if filterset.is_capped:
        form.is_refused = True
    elif request.method == "POST" and form.is_valid():
        care.note_export(
            programme=programme_of(request),
            staff=staff_of(request),
            reason=form.cleaned_data["reason"],
            filters=_filter_names(chosen),
            rows=rows.count(),
            now=timezone.now(),
        )
        day = timezone.localdate().isoformat()
        response = csv_response(_lines(rows), name=f"members-{day}.csv")
        add_never_cache_headers(response)
        return response
    context = {
        "title": _("Export members"),
        "form": form,
        "chosen": chosen,
        "filterset": filterset,
        "most": search.MOST,
        "rows": None if filterset.is_capped else rows.count(),
        "query": urlencode(chosen),
    }
    status = 422 if form.errors else 200
    return render(request, "members/member_export.html", context, status=status)


def _filter_names(chosen: dict[str, str]) -> dict[str, str]:
    """Return what the trail may hold: the search is said to be there, not quoted."""
    return {
        name: "…" if name == "q" else value for name, value in sorted(chosen.items())
    }


def _lines(rows: QuerySet[Member]) -> Iterator[Iterable[Any]]:
    yield [
        _("Membership number"),
        _("First name"),
        _("Last name"),
        _("Mobile number"),
        _("E-mail"),
        _("Status"),
        _("Language"),
        _("Home store"),
        _("Registered"),
        _("Active since"),
    ]
    statuses = dict(Member.Status.choices)
    # Values alone and in pieces, so that a million rows need no memory.
    for row in rows.values_list(*_EXPORTED).iterator(chunk_size=2000):
        number, first, last, phone, email, status, language, store, *moments = row
        yield [
            display_number(number),
            first,
            last,
            phone,
            email,
            statuses[status],
            language,
            store,
            *(moment and timezone.localtime(moment) for moment in moments),
        ]
