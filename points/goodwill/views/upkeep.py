"""The settings of goodwill: its reasons, and how much may be given."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.ui.toasts import toast
from points.goodwill import rules, selectors, upkeep
from points.goodwill.allowances import value_of
from points.goodwill.forms import AllowanceForm, ReasonEditForm, ReasonForm
from points.models import GoodwillAllowance, GoodwillReason
from stores.middleware import programme_of
from stores.models import Programme, Store
from stores.views.pages import Crumbs, Page, show_form, staff_of


@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show the reasons in the order of the till, and the allowances."""
    programme = programme_of(request)
    rows = {
        row.store_id: row
        for row in GoodwillAllowance.objects.filter(programme=programme)
    }
    stores = Store.objects.filter(programme=programme).order_by("name")
    club = rows.get(None)
    context = {
        "title": _("Reasons and allowances"),
        "subtitle": _("What staff can choose at the till, and how far they may go."),
        "crumbs": _crumbs()[:1],
        "reasons": list(selectors.all_reasons(programme)),
        "club": value_of(club) if club else rules.usual(programme.currency),
        "is_usual": club is None,
        "stores": [
            (store, value_of(rows[store.pk]) if store.pk in rows else None)
            for store in stores
        ],
        "currency": programme.currency,
    }
    return render(request, "points/goodwill/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def reason_add(request: HttpRequest) -> HttpResponse:
    """Add a reason."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            upkeep.add_reason(
                programme=programme_of(request),
                names=form.names,
                staff=staff_of(request),
                now=timezone.now(),
            )
        except upkeep.NameTaken as taken:
            form.refuse_name(taken.language)
        else:
            toast(request, _("Staff can choose it at the till now."))
            return redirect("goodwill:settings")
    page = _page(gettext_lazy("Add a reason"), gettext_lazy("Add it"))
    return show_form(request, form, page)


@require_http_methods(["GET", "HEAD", "POST"])
def reason_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Rename a reason, or put it out of use."""
    reason = _reason(request, public_id)
    form = ReasonEditForm(
        request.POST or None, initial=ReasonEditForm.initial_for(reason)
    )
    if request.method == "POST" and form.is_valid():
        try:
            upkeep.change_reason(
                reason=reason,
                names=form.names,
                is_active=form.cleaned_data["is_active"],
                staff=staff_of(request),
                now=timezone.now(),
            )
        except upkeep.NameTaken as taken:
            form.refuse_name(taken.language)
        else:
            toast(request, _("Saved."))
            return redirect("goodwill:settings")
    page = _page(
        gettext_lazy("Change the reason"),
        gettext_lazy("Save"),
        gettext_lazy("What was given for it keeps it, with its new name."),
    )
    return show_form(request, form, page)


@require_POST
def reason_move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Move a reason one place up or down."""
    upkeep.move_reason(
        reason=_reason(request, public_id),
        is_up=request.POST.get("to") == "up",
        staff=staff_of(request),
        now=timezone.now(),
    )
    return redirect(f"{reverse('goodwill:settings')}#reason-{public_id}")


@require_http_methods(["GET", "HEAD", "POST"])
def allowance(request: HttpRequest) -> HttpResponse:
    """Say how much may be given in the club."""
    page = _page(
        gettext_lazy("The club's allowance"),
        gettext_lazy("Save"),
        gettext_lazy("It holds in every store that has none of its own."),
    )
    return _allowance_form(request, programme_of(request), None, page)


@require_http_methods(["GET", "HEAD", "POST"])
def store_allowance(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say how much may be given in one store."""
    store = _store(request, public_id)
    title = _("Allowance of %(store)s") % {"store": store.name}
    page = _page(title, gettext_lazy("Save"))
    return _allowance_form(request, store.programme, store, page)


@require_POST
def store_allowance_drop(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let the club's allowance hold in a store again."""
    store = _store(request, public_id)
    upkeep.drop_allowance(
        programme=store.programme,
        store=store,
        staff=staff_of(request),
        now=timezone.now(),
    )
    toast(request, _("The club's allowance holds there again."))
    return redirect("goodwill:settings")


def _allowance_form(
    request: HttpRequest, programme: Programme, store: Store | None, page: Page
) -> HttpResponse:
    rows = GoodwillAllowance.objects.filter(programme=programme)
    # A store that has none of its own begins with the club's.
    row = rows.filter(store=store).first() or rows.filter(store=None).first()
    known = value_of(row) if row else rules.usual(programme.currency)
    form = AllowanceForm(request.POST or None, initial=AllowanceForm.initial_for(known))
    if request.method == "POST" and form.is_valid():
        upkeep.set_allowance(
            programme=programme,
            store=store,
            amounts=form.amounts,
            staff=staff_of(request),
            now=timezone.now(),
        )
        toast(request, _("Saved. It holds from the next grant on."))
        return redirect("goodwill:settings")
    extra: dict[str, Any] = {"currency": programme.currency}
    return show_form(
        request, form, page, template="points/goodwill/allowance.html", **extra
    )


def _reason(request: HttpRequest, public_id: UUID) -> GoodwillReason:
    return get_object_or_404(
        GoodwillReason.objects.select_related("programme"),
        programme=programme_of(request),
        public_id=public_id,
    )


def _store(request: HttpRequest, public_id: UUID) -> Store:
    return get_object_or_404(
        Store.objects.select_related("programme"),
        programme=programme_of(request),
        public_id=public_id,
    )


def _page(title: Any, save: Any, subtitle: Any = "") -> Page:
    return Page(
        title=title,
        subtitle=subtitle,
        back_url=reverse("goodwill:settings"),
        save_label=save,
        crumbs=_crumbs(),
    )


def _crumbs() -> Crumbs:
    return [
        (gettext_lazy("Goodwill"), reverse("goodwill:grant-list")),
        (gettext_lazy("Reasons and allowances"), reverse("goodwill:settings")),
    ]
