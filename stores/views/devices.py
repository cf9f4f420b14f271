"""Till devices: enrolled, seen, revoked."""

from datetime import datetime
from typing import Any
from uuid import UUID

import django_filters
import django_tables2 as tables2
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.ui.tables import MomentColumn, SearchFilter, Table, TableView, two_lines
from stores import credentials, selectors, services
from stores.forms import DeviceForm
from stores.models import Staff, TillDevice
from stores.views.pages import (
    ConfirmView,
    Crumbs,
    Page,
    Secret,
    show_form,
    show_secret,
    staff_of,
)

Text = str | Promise


class DeviceFilter(django_filters.FilterSet):
    """Search by name or store; where a device stands."""

    q = SearchFilter(method="search", label=gettext_lazy("Search device or store"))
    state = django_filters.ChoiceFilter(
        method="by_state",
        choices=[
            ("in-use", gettext_lazy("In use")),
            ("waiting", gettext_lazy("Never enrolled")),
            ("revoked", gettext_lazy("Revoked")),
        ],
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("All states"),
    )

    class Meta:
        model = TillDevice
        fields = ("q", "state")

    def search(
        self, rows: QuerySet[TillDevice], _name: str, value: str
    ) -> QuerySet[TillDevice]:
        return rows.filter(Q(name__icontains=value) | Q(store__name__icontains=value))

    def by_state(
        self, rows: QuerySet[TillDevice], _name: str, value: str
    ) -> QuerySet[TillDevice]:
        match value:
            case "in-use":
                return rows.filter(revoked_at=None, key_hash__isnull=False)
            case "waiting":
                return rows.filter(revoked_at=None, key_hash=None)
            case _:
                return rows.exclude(revoked_at=None)


class DeviceTable(Table):
    """Devices."""

    name = tables2.Column(verbose_name=gettext_lazy("Device"))
    store = tables2.Column(verbose_name=gettext_lazy("Store"), accessor="store__name")
    enrolled_at = MomentColumn(verbose_name=gettext_lazy("Enrolled"))
    last_seen_at = MomentColumn(verbose_name=gettext_lazy("Last seen"))
    state = tables2.Column(
        verbose_name=gettext_lazy("State"), orderable=False, empty_values=()
    )
    actions = tables2.Column(verbose_name="", orderable=False, empty_values=())

    caption = gettext_lazy("Till devices")
    empty_icon = "device-tablet"
    empty_title = gettext_lazy("No devices yet")
    empty_text = gettext_lazy(
        "Enrol the tablet or till browser that staff register members on."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = timezone.now()

    def render_name(self, record: TillDevice) -> SafeString:
        return two_lines(record.name, record.till.name if record.till else "")

    def value_name(self, record: TillDevice) -> str:
        return record.name

    def render_state(self, record: TillDevice) -> SafeString:
        tone, words = device_state(record, now=self.now)
        css = f"pill pill--{tone}" if tone else "pill"
        return format_html('<span class="{}">{}</span>', css, words)

    def value_state(self, record: TillDevice) -> str:
        return str(device_state(record, now=self.now)[1])

    def render_actions(self, record: TillDevice) -> SafeString | str:
        if record.revoked_at:
            return ""
        return format_html(
            '<span class="row"><a class="btn btn--default btn--sm" href="{}">{}</a>'
            '<a class="btn btn--danger btn--sm" href="{}">{}</a></span>',
            reverse("stores:device-code", args=[record.public_id]),
            _("New code"),
            reverse("stores:device-revoke", args=[record.public_id]),
            _("Revoke"),
        )


class DeviceList(TableView):
    """The devices of the stores that the viewer runs."""

    table_class = DeviceTable
    filterset_class = DeviceFilter
    template_name = "stores/device_list.html"
    title = gettext_lazy("Devices")
    subtitle = gettext_lazy("Tablets and till browsers on which members register.")

    def get_queryset(self) -> QuerySet[TillDevice]:
        """Return devices, those in use first."""
        devices = selectors.list_devices(viewer=staff_of(self.request))
        return devices.order_by(F("revoked_at").asc(nulls_first=True), "name")


@require_http_methods(["GET", "HEAD", "POST"])
def device_add(request: HttpRequest) -> HttpResponse:
    """Prepare a device and show the code that enrols it."""
    actor = staff_of(request)
    form = DeviceForm(
        request.POST or None,
        actor=actor,
        initial={"store": request.GET.get("store", "")},
    )
    if request.method == "POST" and form.is_valid():
        device, code = services.add_device(
            actor=actor, now=timezone.now(), **form.cleaned_data
        )
        return _show_code(request, device, code)
    page = Page(
        title=gettext_lazy("Enrol a device"),
        subtitle=gettext_lazy("You get a code to type on the device."),
        back_url=reverse("stores:device-list"),
        save_label=gettext_lazy("Get a code"),
        crumbs=_crumbs(),
    )
    return show_form(request, form, page)


class _DeviceConfirm(ConfirmView):
    """A step that concerns one device."""

    def find(self, public_id: UUID) -> TillDevice:
        devices = selectors.list_devices(viewer=staff_of(self.request))
        return get_object_or_404(devices, public_id=public_id)

    def back_url(self, row: TillDevice) -> str:
        return reverse("stores:device-list")


class DeviceCode(_DeviceConfirm):
    """Give a device a new code."""

    title = gettext_lazy("New code for the device")
    button = gettext_lazy("Get a code")
    icon = "device-tablet-check"
    is_dangerous = False

    def explain(self, row: TillDevice) -> Text:
        return _(
            "Use it when %(name)s in %(store)s is set up anew or replaced. What is "
            "enrolled now works until the code is used."
        ) % {"name": row.name, "store": row.store.name}

    def act(self, row: TillDevice, actor: Staff, now: datetime) -> HttpResponse:
        code = services.renew_device_code(device=row, actor=actor, now=now)
        return _show_code(self.request, row, code)


class DeviceRevoke(_DeviceConfirm):
    """Shut a device out."""

    title = gettext_lazy("Revoke the device")
    button = gettext_lazy("Revoke it")
    icon = "device-tablet"

    def explain(self, row: TillDevice) -> Text:
        return _(
            "%(name)s in %(store)s is shut out at once and for good. Do this when it "
            "is lost or sold."
        ) % {"name": row.name, "store": row.store.name}

    def act(self, row: TillDevice, actor: Staff, now: datetime) -> Text:
        services.revoke_device(device=row, actor=actor, now=now)
        return _("The device is revoked.")


def device_state(device: TillDevice, *, now: datetime) -> tuple[str, Text]:
    """Return the tone and the words for where a device stands."""
    if device.revoked_at:
        return "bad", _("Revoked")
    if device.key_hash:
        return "good", _("In use")
    if device.code_expires_at and device.code_expires_at > now:
        return "info", _("Waiting for its code")
    return "warn", _("Code ran out")


def _show_code(request: HttpRequest, device: TillDevice, code: str) -> HttpResponse:
    return show_secret(
        request,
        Secret(
            title=_("Code for %(name)s") % {"name": device.name},
            explain=_(
                "On the device, open the address below and type the code. It works "
                "once and for 15 minutes."
            ),
            label=_("Code"),
            value=credentials.spaced(code),
            is_code=True,
            back_url=reverse("stores:device-list"),
            notes=[request.build_absolute_uri("/till/")],
            crumbs=_crumbs(),
        ),
    )


def _crumbs() -> Crumbs:
    return [(gettext_lazy("Devices"), reverse("stores:device-list"))]
