"""API keys of other systems."""

from datetime import datetime
from typing import Any
from uuid import UUID

import django_tables2 as tables2
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from common.ui.tables import DayColumn, Table, TableView, two_lines
from stores import selectors, services
from stores.forms import KeyForm, RotateForm
from stores.middleware import programme_of
from stores.models import ApiKey, Staff
from stores.roles import Scope
from stores.views.pages import (
    ConfirmView,
    Crumbs,
    Page,
    Secret,
    show_form,
    show_secret,
    staff_of,
    try_or_show,
)

Text = str | Promise


class KeyTable(Table):
    """Keys."""

    name = tables2.Column(verbose_name=gettext_lazy("Key"))
    scopes = tables2.Column(
        verbose_name=gettext_lazy("What it may do"), orderable=False
    )
    stores = tables2.Column(
        verbose_name=gettext_lazy("Stores"), orderable=False, empty_values=()
    )
    expires_at = DayColumn(verbose_name=gettext_lazy("Good until"))
    last_used_on = DayColumn(verbose_name=gettext_lazy("Last used"))
    state = tables2.Column(
        verbose_name=gettext_lazy("State"), orderable=False, empty_values=()
    )
    actions = tables2.Column(verbose_name="", orderable=False, empty_values=())

    caption = gettext_lazy("API keys")
    empty_icon = "key"
    empty_title = gettext_lazy("No keys yet")
    empty_text = gettext_lazy("Tills and other systems call the API with a key.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = timezone.now()

    def render_name(self, record: ApiKey) -> SafeString:
        return two_lines(record.name, f"{record.prefix}_…")

    def render_scopes(self, value: list[str]) -> SafeString:
        labels = [(Scope(scope).label,) for scope in value]
        return format_html_join(", ", "{}", labels)

    def render_stores(self, record: ApiKey) -> str:
        stores = list(record.stores.all())
        if not stores:
            return _("Every store")
        if len(stores) == 1:
            return stores[0].name
        return ngettext("%(number)s store", "%(number)s stores", len(stores)) % {
            "number": len(stores)
        }

    def render_state(self, record: ApiKey) -> SafeString:
        tone, words = key_state(record, now=self.now)
        return format_html('<span class="pill pill--{}">{}</span>', tone, words)

    def render_actions(self, record: ApiKey) -> SafeString | str:
        if not is_usable(record, now=self.now):
            return ""
        return format_html(
            '<span class="row"><a class="btn btn--default btn--sm" href="{}">{}</a>'
            '<a class="btn btn--danger btn--sm" href="{}">{}</a></span>',
            reverse("stores:key-rotate", args=[record.public_id]),
            _("Replace"),
            reverse("stores:key-revoke", args=[record.public_id]),
            _("Revoke"),
        )


class KeyList(TableView):
    """Every key of the club."""

    table_class = KeyTable
    template_name = "stores/key_list.html"
    title = gettext_lazy("API keys")
    subtitle = gettext_lazy("By which tills and other systems call us.")

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Return the keys, those that live longest first."""
        keys = selectors.list_keys(programme=programme_of(self.request))
        return keys.order_by(F("revoked_at").asc(nulls_first=True), "-expires_at")


@require_http_methods(["GET", "HEAD", "POST"])
def key_add(request: HttpRequest) -> HttpResponse:
    """Issue a key and show its secret."""
    actor, now = staff_of(request), timezone.now()
    form = KeyForm(request.POST or None, actor=actor, now=now)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        key, plain = services.issue_key(
            programme=programme_of(request),
            name=chosen["name"],
            scopes=chosen["scopes"],
            stores=list(chosen["stores"]),
            expires_at=form.expires_at(),
            actor=actor,
            now=now,
        )
        return _show_key(request, key, plain)
    page = Page(
        title=gettext_lazy("Issue an API key"),
        subtitle=gettext_lazy("Give each system a key of its own."),
        back_url=reverse("stores:key-list"),
        save_label=gettext_lazy("Issue the key"),
        crumbs=_crumbs(),
    )
    return show_form(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
def key_rotate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Issue the key that takes over from one."""
    key, now = _find(request, public_id), timezone.now()
    form = RotateForm(request.POST or None, now=now)
    page = Page(
        title=gettext_lazy("Replace the key"),
        subtitle=key.name,
        back_url=reverse("stores:key-list"),
        save_label=gettext_lazy("Issue the new key"),
        crumbs=_crumbs(),
    )
    if request.method == "POST" and form.is_valid():
        made = try_or_show(
            form,
            lambda: services.rotate_key(
                key=key,
                expires_at=form.expires_at(),
                old_until=form.old_until(),
                actor=staff_of(request),
                now=now,
            ),
            fields={},
        )
        if made is not None:
            return _show_key(request, *made)
    return show_form(request, form, page)


class KeyRevoke(ConfirmView):
    """Shut a key out."""

    title = gettext_lazy("Revoke the key")
    button = gettext_lazy("Revoke it")
    icon = "key"

    def find(self, public_id: UUID) -> ApiKey:
        return _find(self.request, public_id)

    def explain(self, row: ApiKey) -> Text:
        return _(
            "%(name)s is refused at once and for good. If a system still uses the key, "
            "replace it instead: then both work for a while."
        ) % {"name": row.name}

    def back_url(self, row: ApiKey) -> str:
        return reverse("stores:key-list")

    def act(self, row: ApiKey, actor: Staff, now: datetime) -> Text:
        services.revoke_key(key=row, actor=actor, now=now)
        return _("The key is revoked.")


def is_usable(key: ApiKey, *, now: datetime) -> bool:
    """Tell whether a key is neither revoked nor over."""
    return key.revoked_at is None and key.expires_at > now


def key_state(key: ApiKey, *, now: datetime) -> tuple[str, Text]:
    """Return the tone and the words for where a key stands."""
    if key.revoked_at:
        return "bad", _("Revoked")
    if key.expires_at <= now:
        return "bad", _("Over")
    if key.expires_at <= now + selectors.EXPIRING_WITHIN:
        return "warn", _("Ends soon")
    return "good", _("In use")


def _find(request: HttpRequest, public_id: UUID) -> ApiKey:
    keys = selectors.list_keys(programme=programme_of(request))
    return get_object_or_404(keys, public_id=public_id)


def _show_key(request: HttpRequest, key: ApiKey, plain: str) -> HttpResponse:
    return show_secret(
        request,
        Secret(
            title=_("Key for %(name)s") % {"name": key.name},
            explain=_(
                "Copy it into the other system now. It is shown only here and only "
                "this once; nobody can find it again."
            ),
            label=_("API key"),
            value=plain,
            back_url=reverse("stores:key-list"),
            notes=[
                _("Sent as %(header)s.") % {"header": "Authorization: Bearer sk_live_…"}
            ],
            crumbs=_crumbs(),
        ),
    )


def _crumbs() -> Crumbs:
    return [(gettext_lazy("API keys"), reverse("stores:key-list"))]
