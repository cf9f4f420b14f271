"""The editor of a draft: one page, with its sentences and faults beside it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.ui.htmx import is_partial
from common.ui.toasts import toast
from points.models import EarningRule
from points.programme import drafts, goods, panels, telling, versions
from points.programme.drafts import Content
from points.programme.faults import blocking
from points.programme.forms.editor import Editor, with_another
from points.programme.forms.rows import ROWS
from points.programme.naming import names_for
from points.programme.sentences import Unsayable
from points.selectors import value_of
from points.views.programme import frame
from stores.middleware import programme_of
from stores.views.pages import staff_of

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@require_http_methods(["GET", "HEAD", "POST"])
def draft_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a draft as it is saved, or save it and go where was asked."""
    row = frame.version_of(request, public_id)
    if row.status != EarningRule.Status.DRAFT:
        if request.method == "POST":
            toast(request, _("It is published and cannot be changed."), tone="error")
        return redirect("points:version-detail", public_id)
    if request.method != "POST":
        return _show(request, row, Editor(row))
    do = request.POST.get("do", "")
    if do.removeprefix("add:") in ROWS:
        more = with_another(request.POST, do.removeprefix("add:"))
        return _show(request, row, Editor(row, more))
    if do == "search":
        return _show(request, row, Editor(row, request.POST))
    return _save(request, row, do)


@require_POST
def draft_say(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say what was typed, and what is wrong with it; save nothing."""
    draft = frame.draft_of(request, public_id)
    editor = Editor(draft, request.POST)
    return render(
        request, "points/programme/_said.html", _check(editor, is_saved=False)
    )


@require_safe
def goods_panel(request: HttpRequest) -> HttpResponse:
    """Find goods by a part of their name, to tick them."""
    words = goods.words_of(request.GET.get("q", ""))
    field = request.GET.get("in", "goods")
    field = field if field in {"goods", "excluded"} else "goods"
    programme = programme_of(request)
    ticked = goods.read(request.GET.getlist(field))
    context = {
        "title": _("Find goods"),
        "crumbs": frame.crumbs(),
        "field": field,
        "q": words,
        "chosen": goods.chosen(programme.pk, ticked),
        "found": goods.search(programme.pk, words, ticked),
    }
    part = "_goods" if is_partial(request) else "goods"
    return render(request, f"points/programme/{part}.html", context)


@require_safe
def articles_panel(request: HttpRequest) -> HttpResponse:
    """Suggest articles for a line of the test basket."""
    asked = [value for name, value in request.GET.items() if name.endswith("-article")]
    words = goods.words_of(str(next(iter(asked), "")))
    context = {
        "title": _("Find goods"),
        "crumbs": frame.crumbs(),
        "articles": goods.registered().articles(
            programme_of(request).pk, words, goods.FEW
        ),
    }
    part = "_articles" if is_partial(request) else "articles"
    return render(request, f"points/programme/{part}.html", context)


def _save(request: HttpRequest, draft: EarningRule, do: str) -> HttpResponse:
    editor = Editor(draft, request.POST)
    if do.startswith("remove:"):
        editor.without_multiplier(do.removeprefix("remove:"))
    if not editor.is_valid():
        return _show(request, draft, editor, status=422)
    try:
        drafts.change_draft(
            draft=draft,
            content=editor.content(),
            staff=staff_of(request),
            now=timezone.now(),
            opened_at=_opened_at(request),
        )
    except drafts.ChangedMeanwhile:
        draft.refresh_from_db()
        editor.basics.add_error(None, _changed_by(draft))
        return _show(request, draft, editor, status=422)
    except drafts.NotADraft:
        toast(request, _("It is published and cannot be changed."), tone="error")
        return redirect("points:programme")
    return _go_on(request, draft, do)


def _opened_at(request: HttpRequest) -> datetime:
    """Return when the page was made that was filled in; long ago if it does not say.

    Then nothing that somebody else saved is written over.
    """
    try:
        found = parse_datetime(request.POST.get("opened", ""))
    except ValueError:
        found = None
    return found if found and timezone.is_aware(found) else _LONG_AGO


def _go_on(request: HttpRequest, draft: EarningRule, do: str) -> HttpResponse:
    """Go where the button led that saved the draft."""
    action, _colon, key = do.partition(":")
    if action == "multiplier":
        return redirect(
            reverse("points:multiplier-edit", args=[draft.public_id, key])
            if key
            else reverse("points:multiplier-add", args=[draft.public_id])
        )
    if do == "basket":
        return redirect("points:basket", draft.public_id)
    if do == "publish":
        return redirect("points:draft-publish", draft.public_id)
    if action == "remove":
        toast(request, _("The multiplier is removed."))
        return redirect(
            reverse("points:draft-edit", args=[draft.public_id]) + "#multipliers"
        )
    toast(request, _("The draft is saved."))
    return redirect("points:draft-edit", draft.public_id)


def _show(
    request: HttpRequest, draft: EarningRule, editor: Editor, *, status: int = 200
) -> HttpResponse:
    checked = _check(editor, is_saved=not editor.basics.is_bound)
    before = versions.find_before(draft)
    context = {
        "title": frame.name_of(draft),
        "crumbs": frame.crumbs(),
        "draft": draft,
        "editor": editor,
        "opened": (draft.changed_at or draft.starts_at).isoformat(),
        "currency": draft.programme.currency,
        "multipliers": _multipliers(editor),
        **_goods(request.POST, editor),
        "before": before,
        "panels": panels.places_for(draft.public_id),
        "languages": [(each.language, each.name) for each in checked["said"]],
        **checked,
    }
    template = "points/programme/editor.html"
    return render(request, template, context, status=status)


def _check(editor: Editor, *, is_saved: bool) -> dict[str, Any]:
    """Return the sentences of what was typed and everything that is wrong with it."""
    draft = editor.draft
    content: Content = editor.stored
    complaints = []
    if editor.basics.is_bound:
        if editor.is_valid():
            content = editor.content()
        else:
            complaints = editor.complaints()
    faults = [] if complaints else drafts.faults_of(draft, content)
    shown = editor.blame(faults)
    return {
        "draft": draft,
        "is_saved": is_saved,
        "is_readable": not complaints,
        "stands_in_the_way": [
            *complaints,
            *(each for each in shown if not each.is_warning),
        ],
        "warnings": [each for each in shown if each.is_warning],
        "can_publish": not complaints and not blocking(faults),
        "said": telling.in_languages(draft.programme, content.as_rule(draft)),
    }


def _multipliers(editor: Editor) -> list[tuple[str, str]]:
    """Return the multipliers of a draft by key, each as its sentence."""
    draft = editor.draft
    rule = value_of(draft)
    names = names_for(rule, programme_id=draft.programme_id)
    found = []
    for each in editor.multipliers:
        try:
            text = telling.of_one(draft.programme, rule, each, names)
        except Unsayable as error:
            text = error.message
        found.append((each.key, text))
    return found


def _goods(data: QueryDict, editor: Editor) -> dict[str, Any]:
    """Return the goods without points, and what was looked for without scripts."""
    ticked = editor.basics.excluded()
    words = goods.words_of(data.get("q", "")) if data.get("do") == "search" else ""
    pk = editor.draft.programme_id
    return {
        "q": words,
        "chosen": goods.chosen(pk, ticked),
        "searched": goods.search(pk, words, ticked),
    }


def _changed_by(draft: EarningRule) -> str:
    return _(
        "%(who)s saved this draft while you were writing. Copy what you want to keep, "
        "then open the draft again."
    ) % {"who": draft.written_by.name if draft.written_by else ""}
