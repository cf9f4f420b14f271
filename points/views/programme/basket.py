"""The test basket: a purchase typed in, reckoned by two versions side by side."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.ui.htmx import is_partial
from points.models import EarningRule
from points.programme import basket, versions
from points.programme.basket import Tried
from points.programme.engine import Line
from points.programme.forms.basket import MANY, BuyerForm, LineSet
from points.programme.forms.fields import count_in
from points.selectors import value_of
from points.views.programme import frame
from stores.middleware import programme_of


@require_safe
def basket_page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Reckon what was typed; all of it is in the address, and nothing is saved."""
    row = frame.version_of(request, public_id)
    programme = programme_of(request)
    now = timezone.now()
    in_force = versions.list_versions(programme, now).in_force
    compared = [row]
    if in_force is not None and in_force.pk != row.pk:
        compared.append(in_force)
    data = request.GET if "store" in request.GET else None
    buyer = BuyerForm(
        data,
        programme=programme,
        tiers=_tiers(compared),
        at=timezone.localtime(now, programme.zone).replace(second=0, microsecond=0),
    )
    lines = LineSet(
        _with_more(request) if data else None,
        prefix="lines",
        form_kwargs={"programme_id": programme.pk},
    )
    tried: list[Tried] = []
    is_valid = False
    if data is not None:
        is_valid = lines.is_valid() and buyer.is_valid()
    if is_valid:
        bought = [
            (_name(form, place), form.line())
            for place, form in enumerate(lines, 1)
            if form.is_bought
        ]
        tried = [_try(each, in_force, buyer, bought) for each in compared if bought]
    context: dict[str, Any] = {
        "title": _("Test basket"),
        "subtitle": _("What a purchase would give, line by line and why."),
        "crumbs": frame.draft_crumbs(row)
        if row.status == EarningRule.Status.DRAFT
        else frame.crumbs(),
        "row": row,
        "buyer": buyer,
        "lines": lines,
        "tried": tried,
        "currency": programme.currency,
        "is_empty": data is not None and is_valid and not tried,
        "complaints": _complaints(buyer, lines) if data is not None else [],
    }
    partial = is_partial(request) and data is not None
    part = "_basket_result" if partial else "basket"
    status = 422 if data is not None and not is_valid else 200
    return render(request, f"points/programme/{part}.html", context, status=status)


def _try(
    row: EarningRule,
    in_force: EarningRule | None,
    buyer: BuyerForm,
    bought: list[tuple[str, Line]],
) -> Tried:
    is_now = in_force is not None and row.pk == in_force.pk
    return basket.attempt(
        programme=row.programme,
        rule=value_of(row),
        title=_("In force now") if is_now else frame.name_of(row),
        purchase=buyer.purchase(),
        lines=bought,
        voucher=buyer.cleaned_data["voucher"] or Decimal(0),
    )


def _complaints(buyer: BuyerForm, lines: Any) -> list[tuple[str, str]]:
    """Return what could not be read, each with the field that it is about."""
    return [
        (form[name].id_for_label, f"{form[name].label}: {text}")
        for form in (buyer, *lines)
        for name, texts in form.errors.items()
        if name in form.fields
        for text in texts
    ]


def _name(form: Any, place: int) -> str:
    typed: str = form.cleaned_data.get("article") or ""
    if form.found:
        return str(form.found.name)
    return typed or _("Line %(n)s") % {"n": place}


def _tiers(rows: list[EarningRule]) -> dict[str, str]:
    """Return the tiers of the versions that are compared, lowest first."""
    language = (get_language() or "en")[:2]
    found: dict[str, str] = {}
    for row in rows:
        ladder = value_of(row).terms.ladder
        for tier in ladder.tiers if ladder else ():
            found.setdefault(tier.key, tier.names.get(language) or tier.key)
    return found


def _with_more(request: HttpRequest) -> Any:
    """Return what was typed, with one more line when that was asked for."""
    data = request.GET.copy()
    place = count_in(data, "lines")
    data["lines-TOTAL_FORMS"] = str(place)
    data["lines-INITIAL_FORMS"] = "0"
    if request.GET.get("do") == "add" and place < MANY:
        data["lines-TOTAL_FORMS"] = str(place + 1)
        data[f"lines-{place}-quantity"] = "1"
        data[f"lines-{place}-vat"] = "25"
    return data
