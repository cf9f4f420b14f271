"""One multiplier of a draft, with its sentence beside it in three languages."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.ui.toasts import toast
from points.models import EarningRule
from points.programme import drafts, goods, telling
from points.programme.drafts import Content, content_of
from points.programme.faults import Fault
from points.programme.forms.fields import blame
from points.programme.forms.multiplier import MultiplierForm
from points.programme.naming import names_for
from points.programme.sentences import Unsayable
from points.terms import Multiplier
from points.views.programme import frame
from stores.views.pages import staff_of

# Where the form calls a thing otherwise than the version.
_FIELDS = {"hours": "from_hour", "": "factor"}


@require_http_methods(["GET", "HEAD", "POST"])
def multiplier_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write a new multiplier into a draft."""
    return _edit(request, frame.draft_of(request, public_id), None)


@require_http_methods(["GET", "HEAD", "POST"])
def multiplier_edit(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    """Change a multiplier of a draft."""
    draft = frame.draft_of(request, public_id)
    return _edit(request, draft, _find(draft, key))


@require_POST
def multiplier_say(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say what was typed in three languages; save nothing."""
    draft = frame.draft_of(request, public_id)
    content = content_of(draft)
    key = request.POST.get("key", "")
    known = next((each for each in content.terms.multipliers if each.key == key), None)
    form = _form(draft, content, known, request)
    form.is_valid()
    return render(
        request, "points/programme/_multiplier_said.html", _say(draft, content, form)
    )


def _edit(
    request: HttpRequest, draft: EarningRule, known: Multiplier | None
) -> HttpResponse:
    content = content_of(draft)
    if request.method != "POST":
        return _show(request, draft, content, _form(draft, content, known))
    form = _form(draft, content, known, request)
    if request.POST.get("do") == "search":
        return _show(request, draft, content, form)
    if not form.is_valid():
        return _show(request, draft, content, form, status=422)
    changed = _with(content, form.value(_keys(content)))
    place = _place(changed, form)
    faults = [
        fault
        for fault in drafts.faults_of(draft, changed)
        if _is_of(fault, place) and not fault.is_warning
    ]
    if faults:
        _blame(form, faults)
        return _show(request, draft, content, form, status=422)
    try:
        drafts.change_draft(
            draft=draft, content=changed, staff=staff_of(request), now=timezone.now()
        )
    except drafts.NotADraft:
        toast(request, _("It is published and cannot be changed."), tone="error")
        return redirect("points:programme")
    toast(request, _("The multiplier is saved."))
    return redirect(
        reverse("points:draft-edit", args=[draft.public_id]) + "#multipliers"
    )


def _show(
    request: HttpRequest,
    draft: EarningRule,
    content: Content,
    form: MultiplierForm,
    *,
    status: int = 200,
) -> HttpResponse:
    pk = draft.programme_id
    is_search = request.POST.get("do") == "search"
    words = goods.words_of(request.POST.get("q", "")) if is_search else ""
    context = {
        "title": _("Multiplier"),
        "crumbs": frame.draft_crumbs(draft),
        "draft": draft,
        "form": form,
        "key": form.multiplier.key if form.multiplier else "",
        "currency": draft.programme.currency,
        "chosen": goods.chosen(pk, form.goods()),
        "q": words,
        "searched": goods.search(pk, words, form.goods()),
        **_say(draft, content, form),
    }
    template = "points/programme/multiplier.html"
    return render(request, template, context, status=status)


def _say(draft: EarningRule, content: Content, form: MultiplierForm) -> dict[str, Any]:
    """Return the sentence of what was typed, or why there is none."""
    if form.is_bound and form.errors:
        return {"said": [], "unsayable": _("The fields that are marked come first.")}
    if form.is_bound:
        multiplier = form.value(_keys(content))
    elif form.multiplier:
        multiplier = form.multiplier
    else:
        return {"said": [], "unsayable": _("Say on what and when it counts.")}
    rule = _with(content, multiplier).as_rule(draft)
    names = names_for(rule, programme_id=draft.programme_id)
    try:
        said = telling.multiplier_in_languages(draft.programme, rule, multiplier, names)
    except Unsayable as error:
        return {"said": [], "unsayable": error.message}
    return {"said": said, "unsayable": ""}


def _form(
    draft: EarningRule,
    content: Content,
    known: Multiplier | None,
    request: HttpRequest | None = None,
) -> MultiplierForm:
    return MultiplierForm(
        request.POST if request else None,
        programme=draft.programme,
        ladder=content.terms.ladder,
        multiplier=known,
    )


def _with(content: Content, multiplier: Multiplier) -> Content:
    """Return a version with a multiplier put in, at its old place if it had one."""
    found = list(content.terms.multipliers)
    keys = [each.key for each in found]
    if multiplier.key in keys:
        found[keys.index(multiplier.key)] = multiplier
    else:
        found.append(multiplier)
    return replace(content, terms=replace(content.terms, multipliers=tuple(found)))


def _place(content: Content, form: MultiplierForm) -> int:
    keys = [each.key for each in content.terms.multipliers]
    return keys.index(form.multiplier.key) if form.multiplier else len(keys) - 1


def _is_of(fault: Fault, place: int) -> bool:
    at = f"/multipliers/{place}"
    return fault.pointer == at or fault.pointer.startswith(f"{at}/")


def _blame(form: MultiplierForm, faults: list[Fault]) -> None:
    for fault in faults:
        name = fault.pointer.split("/", 3)[-1] if fault.pointer.count("/") > 2 else ""
        name = name.removeprefix("when/")
        blame(form, _FIELDS.get(name, name), fault.message)


def _keys(content: Content) -> set[str]:
    return {each.key for each in content.terms.multipliers}


def _find(draft: EarningRule, key: str) -> Multiplier:
    for each in content_of(draft).terms.multipliers:
        if each.key == key:
            return each
    raise Http404
