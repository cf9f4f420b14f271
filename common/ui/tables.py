"""Tables that sort, filter, search and page on the server, with the state in the URL.

`TableView` answers the whole page to a plain request, the table alone to htmx, and the
same rows as a file to `?format=csv`.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
import django_tables2 as tables2
from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views import View

from common.money import display
from common.ui.csv import csv_response
from common.ui.forms import SearchInput
from common.ui.htmx import is_partial

Text = str | Promise

_RIGHT: Mapping[str, Mapping[str, str]] = {"th": {"class": "r"}, "td": {"class": "r"}}


class NumberColumn(tables2.Column):
    """A whole or decimal number, grouped as the language does, at the right."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("attrs", _RIGHT)
        super().__init__(**options)

    def render(self, value: Decimal | int | float) -> str:
        return number_format(value, force_grouping=True)

    def value(self, value: Decimal | int | float) -> Any:
        return value


class MoneyColumn(NumberColumn):
    """An amount in one currency."""

    def __init__(self, *, currency: str = "SEK", **options: Any) -> None:
        self.currency = currency
        super().__init__(**options)

    def render(self, value: Decimal | int | float) -> str:
        return display(Decimal(value), self.currency)


class DayColumn(tables2.Column):
    """A day, in the programme's time zone."""

    def render(self, value: date) -> str:
        return date_format(_local(value), "DATE_FORMAT")

    def value(self, value: date) -> Any:
        return _local(value)


class MomentColumn(tables2.Column):
    """A day and a time, in the programme's time zone."""

    def render(self, value: datetime) -> str:
        return date_format(_local(value), "DATETIME_FORMAT")

    def value(self, value: datetime) -> Any:
        return _local(value)


class Table(tables2.Table):
    """The base of every list on the desk."""

    # What stands where no row is, and where no row fits the filter.
    empty_icon: ClassVar[str] = "inbox"
    empty_title: ClassVar[Text] = _("Nothing here yet")
    empty_text: Text = ""
    # What the table is, for people who cannot see it.
    caption: ClassVar[Text] = ""

    class Meta:
        template_name = "tables/_table.html"
        order_by_field = "sort"
        page_field = "page"

    def __init__(self, data: Any, **options: Any) -> None:
        # The base class would put its own, which is None, over the class's.
        options.setdefault("empty_text", type(self).empty_text)
        super().__init__(data, **options)


class SearchFilter(django_filters.CharFilter):
    """The search box of a list; give it `method=` and a `label` for its hint."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", SearchInput)
        super().__init__(**options)


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts the rows up to a number, and shows none behind it.

    For lists of a million rows: nobody pages that far, and the database would have to.
    """

    most = 1000
    # There are more than are shown; a list may also know that by itself.
    is_capped = False

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most `most`."""
        rows = self.object_list.data.data  # type: ignore[attr-defined]
        # The order would only make the database sort what is counted.
        counted: int = rows.order_by()[: self.most + 1].count()
        self.is_capped = self.is_capped or counted > self.most
        return min(counted, self.most)


class TableView(View):
    """A page with one table.

    Rooms set `table_class`, `title`, perhaps `filterset_class`, and override
    `get_queryset`. A template of their own extends `tables/page.html`.
    """

    http_method_names = ["get", "head", "options"]

    table_class: type[Table]
    filterset_class: type[django_filters.FilterSet] | None = None
    template_name: str = "tables/page.html"
    region_template_name: str = "tables/_region.html"
    title: Text = ""
    subtitle: Text = ""
    per_page: int = 25
    # Off for lists of a million rows, where counting costs more than reading.
    exact_count: bool = True
    # One that counts in a way of its own.
    paginator_class: type["Paginator[Any]"] = Paginator
    # The name of the exported file, without its ending; empty means no export.
    csv_name: str = ""

    def get_queryset(self) -> Any:
        """Return the rows before any filter: a queryset or a list of dicts."""
        raise NotImplementedError

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Return what the templates get; rooms add to it."""
        return extra

    def before_export(self) -> None:
        """Run before rows leave as a file: the place for an audit entry."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the page, the table alone, or a file."""
        rows, filterset = self._filtered(request)
        table = self._table(request, rows)
        if self.csv_name and request.GET.get("format") == "csv":
            self.before_export()
            return self._file(table)
        table.paginator = (
            self.paginator_class(table.rows, self.per_page)
            if self.exact_count
            else tables2.LazyPaginator(table.rows, self.per_page)
        )
        table.page = _page(table.paginator, request.GET.get(table.prefixed_page_field))
        context = self.get_context_data(
            view=self,
            table=table,
            filterset=filterset,
            title=self.title,
            subtitle=self.subtitle,
            chips=_chips(filterset, request),
            is_filtered=filterset is not None and _has_values(filterset),
            is_partial=is_partial(request),
            first_row=table.page.paginator.per_page * (table.page.number - 1) + 1,
            last_row=table.page.paginator.per_page * (table.page.number - 1)
            + len(table.page.object_list),
        )
        return self._answer(request, context)

    def _answer(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        name = self.region_template_name if is_partial(request) else self.template_name
        response = render(request, name, context)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def _filtered(
        self, request: HttpRequest
    ) -> tuple[Any, django_filters.FilterSet | None]:
        rows = self.get_queryset()
        if self.filterset_class is None:
            return rows, None
        filterset = self.filterset_class(request.GET, queryset=rows, request=request)
        return filterset.qs, filterset

    def _table(self, request: HttpRequest, rows: Any) -> Table:
        table = self.table_class(rows)
        # Not by the constructor, which would page and count before the order is known.
        table.request = request
        asked = request.GET.getlist(table.prefixed_order_by_field)
        if asked:
            # Unknown and unsortable names are dropped by the table itself.
            table.order_by = asked
        _break_ties(table)
        return table

    def _file(self, table: Table) -> StreamingHttpResponse:
        rows = table.as_values()
        day = timezone.localdate().isoformat()
        return csv_response(rows, name=f"{self.csv_name}-{day}.csv")


def _page(paginator: "Paginator[Any]", asked: str | None) -> "Page[Any]":
    """Return the asked page, or the nearest one there is."""
    number = int(asked) if asked and re.fullmatch("[0-9]{1,6}", asked) else 1
    try:
        return paginator.get_page(number)
    except EmptyPage:
        # Without a count nobody knows which page is the last.
        return paginator.get_page(1)


def _break_ties(table: Table) -> None:
    """Make the order total, or rows with equal values would jump between pages."""
    rows = table.data.data
    if isinstance(rows, QuerySet) and "pk" not in rows.query.order_by:
        table.data.data = rows.order_by(*rows.query.order_by, "pk")


def _has_values(filterset: django_filters.FilterSet) -> bool:
    return any(
        value not in (None, "", []) for value in filterset.form.data.values()
    ) and any(name in filterset.form.fields for name in filterset.form.data)


def _chips(
    filterset: django_filters.FilterSet | None, request: HttpRequest
) -> list[dict[str, str]]:
    """Name the filters in force, each with the address that lifts it."""
    if filterset is None or not filterset.is_valid():
        return []
    chips = []
    for name, value in filterset.form.cleaned_data.items():
        if value in (None, "", []) or isinstance(
            filterset.form.fields[name].widget, SearchInput
        ):
            continue
        query = request.GET.copy()
        query.pop(name, None)
        query.pop("page", None)
        chips.append(
            {
                "label": str(filterset.form.fields[name].label or name),
                "value": _spoken(filterset, name, value),
                "url": f"?{query.urlencode()}",
            }
        )
    return chips


def _spoken(filterset: django_filters.FilterSet, name: str, value: Any) -> str:
    """Write a filter's value as the form offers it."""
    choices = dict(getattr(filterset.form.fields[name], "choices", ()))
    if isinstance(value, list | tuple):
        return ", ".join(str(choices.get(each, each)) for each in value)
    return str(choices.get(value, value))


def _local(value: Any) -> Any:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def two_lines(first: str, second: str) -> SafeString:
    """Put a name over a smaller line, as the cells of people and things have it."""
    return format_html(
        '<span class="two-line"><b>{}</b><small>{}</small></span>', first, second
    )
