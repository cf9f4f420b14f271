"""Stores and their tills."""

from typing import Any
from uuid import UUID

import django_filters
import django_tables2 as tables2
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.ui.tables import NumberColumn, SearchFilter, Table, TableView, two_lines
from common.ui.toasts import toast
from stores import selectors, services
from stores.access import roles_of
from stores.forms import StoreEditForm, StoreForm, TillForm
from stores.middleware import programme_of
from stores.models import Staff, Store
from stores.roles import Role
from stores.views.pages import Crumbs, Page, show_form, staff_of, try_or_show


class StoreFilter(django_filters.FilterSet):
    """Search by name, code or city; open or closed."""

    q = SearchFilter(method="search", label=gettext_lazy("Search name, code or city"))
    kind = django_filters.ChoiceFilter(
        choices=Store.Kind.choices,
        label=gettext_lazy("Kind"),
        empty_label=gettext_lazy("All kinds"),
    )
    is_active = django_filters.ChoiceFilter(
        choices=[("1", gettext_lazy("Open")), ("0", gettext_lazy("Closed"))],
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("Open and closed"),
    )

    class Meta:
        model = Store
        fields = ("q", "kind", "is_active")

    def search(self, rows: QuerySet[Store], _name: str, value: str) -> QuerySet[Store]:
        return rows.filter(
            Q(name__icontains=value)
            | Q(code__istartswith=value)
            | Q(city__istartswith=value)
        )


class StoreTable(Table):
    """Stores."""

    name = tables2.Column(verbose_name=gettext_lazy("Store"))
    code = tables2.Column(verbose_name=gettext_lazy("Code"))
    kind = tables2.Column(verbose_name=gettext_lazy("Kind"))
    tills_count = NumberColumn(verbose_name=gettext_lazy("Tills"))
    devices_count = NumberColumn(verbose_name=gettext_lazy("Devices"))
    staff_count = NumberColumn(verbose_name=gettext_lazy("Staff"))
    is_active = tables2.Column(verbose_name=gettext_lazy("State"))

    caption = gettext_lazy("Stores")
    empty_icon = "building-store"
    empty_title = gettext_lazy("No stores yet")
    empty_text = gettext_lazy("Add the first one; receipts name it by its code.")

    def render_name(self, record: Store) -> SafeString:
        return format_html(
            '<a class="row" href="{}">{}</a>',
            reverse("stores:store-detail", args=[record.public_id]),
            two_lines(record.name, record.city),
        )

    def value_name(self, record: Store) -> str:
        return record.name

    def render_is_active(self, value: bool) -> SafeString:
        if value:
            return format_html('<span class="pill pill--good">{}</span>', _("Open"))
        return format_html('<span class="pill">{}</span>', _("Closed"))

    def value_is_active(self, value: bool) -> str:
        return _("Open") if value else _("Closed")


class StoreList(TableView):
    """The stores that the viewer may see."""

    table_class = StoreTable
    filterset_class = StoreFilter
    template_name = "stores/store_list.html"
    title = gettext_lazy("Stores and tills")
    csv_name = "stores"

    def get_queryset(self) -> QuerySet[Store]:
        """Return the stores of the chain, or the viewer's own."""
        viewer = staff_of(self.request)
        return selectors.list_stores_with_counts(viewer=viewer).order_by("name")

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Say whether the viewer may add one."""
        is_owner = Role.OWNER in roles_of(staff_of(self.request))
        return super().get_context_data(can_add=is_owner, **extra)


@require_http_methods(["GET", "HEAD", "POST"])
def store_add(request: HttpRequest) -> HttpResponse:
    """Add a store."""
    form = StoreForm(request.POST or None)
    page = Page(
        title=gettext_lazy("Add a store"),
        back_url=reverse("stores:store-list"),
        save_label=gettext_lazy("Add the store"),
        crumbs=_crumbs(),
    )
    if request.method == "POST" and form.is_valid():
        store = try_or_show(
            form,
            lambda: services.add_store(
                programme=programme_of(request),
                actor=staff_of(request),
                now=timezone.now(),
                **form.cleaned_data,
            ),
            fields={services.CodeTaken: "code"},
        )
        if store is not None:
            toast(request, _("%(name)s is added.") % {"name": store.name})
            return redirect("stores:store-detail", store.public_id)
    return show_form(request, form, page)


@require_http_methods(["GET", "HEAD"])
def store_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a store with its tills, devices and staff."""
    viewer = staff_of(request)
    store = _find(viewer, public_id)
    context = {
        "title": store.name,
        "store": store,
        "crumbs": _crumbs(),
        "tills": store.tills.order_by("code"),
        "devices": selectors.list_devices(viewer=viewer)
        .filter(store=store, revoked_at=None)
        .order_by("name"),
        "people": selectors.list_staff(viewer=viewer)
        .filter(roles__store=store, is_active=True)
        .distinct()
        .order_by("name"),
        "can_edit": Role.OWNER in roles_of(viewer),
        "can_manage": selectors.list_managed_stores(viewer=viewer)
        .filter(pk=store.pk)
        .exists(),
        "now": timezone.now(),
    }
    return render(request, "stores/store_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def store_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change a store."""
    store = _find(staff_of(request), public_id)
    form = StoreEditForm(
        request.POST or None,
        initial={
            "name": store.name,
            "code": store.code,
            "kind": store.kind,
            "city": store.city,
            "is_active": store.is_active,
        },
    )
    url = reverse("stores:store-detail", args=[public_id])
    page = Page(
        title=gettext_lazy("Change the store"),
        subtitle=store.name,
        back_url=url,
        save_label=gettext_lazy("Save"),
        crumbs=[*_crumbs(), (store.name, url)],
    )
    if request.method == "POST" and form.is_valid():
        saved = try_or_show(
            form,
            lambda: services.update_store(
                store=store,
                actor=staff_of(request),
                now=timezone.now(),
                **form.cleaned_data,
            ),
            fields={services.CodeTaken: "code"},
        )
        if saved is not None:
            toast(request, _("Saved."))
            return redirect(url)
    return show_form(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
def till_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a till to a store."""
    viewer = staff_of(request)
    store = _find_managed(viewer, public_id)
    form = TillForm(request.POST or None)
    url = reverse("stores:store-detail", args=[public_id])
    page = Page(
        title=gettext_lazy("Add a till"),
        subtitle=store.name,
        back_url=url,
        save_label=gettext_lazy("Add the till"),
        crumbs=[*_crumbs(), (store.name, url)],
    )
    if request.method == "POST" and form.is_valid():
        till = try_or_show(
            form,
            lambda: services.add_till(
                store=store, actor=viewer, now=timezone.now(), **form.cleaned_data
            ),
            fields={services.CodeTaken: "code"},
        )
        if till is not None:
            toast(request, _("%(name)s is added.") % {"name": till.name})
            return redirect(url)
    return show_form(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
def till_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change a till."""
    viewer = staff_of(request)
    till = get_object_or_404(selectors.list_tills(viewer=viewer), public_id=public_id)
    form = TillForm(
        request.POST or None, initial={"name": till.name, "code": till.code}
    )
    url = reverse("stores:store-detail", args=[till.store.public_id])
    page = Page(
        title=gettext_lazy("Change the till"),
        subtitle=till.name,
        back_url=url,
        save_label=gettext_lazy("Save"),
        crumbs=[*_crumbs(), (till.store.name, url)],
    )
    if request.method == "POST" and form.is_valid():
        saved = try_or_show(
            form,
            lambda: services.update_till(
                till=till, actor=viewer, now=timezone.now(), **form.cleaned_data
            ),
            fields={services.CodeTaken: "code"},
        )
        if saved is not None:
            toast(request, _("Saved."))
            return redirect(url)
    return show_form(request, form, page)


def _find(viewer: Staff, public_id: UUID) -> Store:
    return get_object_or_404(selectors.list_stores(viewer=viewer), public_id=public_id)


def _find_managed(viewer: Staff, public_id: UUID) -> Store:
    store = (
        selectors.list_managed_stores(viewer=viewer).filter(public_id=public_id).first()
    )
    if store is None:
        raise Http404
    return store


def _crumbs() -> Crumbs:
    return [(gettext_lazy("Stores and tills"), reverse("stores:store-list"))]
