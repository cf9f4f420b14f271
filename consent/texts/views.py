"""The pages on which texts are read, written, reviewed and published."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.periods import local_day
from common.ui.htmx import is_partial
from common.ui.toasts import toast
from consent import renewals
from consent.models import Edition
from consent.texts import differences, editing, selectors, words
from consent.texts.editing import Content
from consent.texts.forms import EditionForm, ReturnForm
from consent.texts.rules import NOTICE
from consent.texts.selectors import Slot
from consent.texts.wording import Wording
from members.views.frame import staff_of
from stores.access import roles_of
from stores.middleware import programme_of

# A day or two may pass between writing and publishing.
_SUGGESTED = NOTICE + timedelta(days=5)
_EMPTY = Wording("", "")


@require_safe
def text_list(request: HttpRequest) -> HttpResponse:
    """List the texts: which hold, which are in work, who is still asked."""
    rows = selectors.list_texts(programme_of(request))
    named = [(row, _name(row.slot)) for row in rows]
    context = {
        "title": _("Texts and terms"),
        "subtitle": _("What members agree to, word for word."),
        "in_use": [pair for pair in named if pair[0].in_force],
        "unused": [pair for pair in named if not pair[0].in_force],
    }
    return render(request, "consent/texts/text_list.html", context)


@require_safe
def text_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one text: the words in force and every edition it has had."""
    slot = _slot(slug)
    editions = list(
        selectors.list_editions(programme_of(request), slot).prefetch_related("texts")
    )
    out = [each for each in editions if each.state == Edition.State.PUBLISHED]
    in_force = out[0] if out else None
    in_work = next(
        (
            each
            for each in editions
            if each.state in {Edition.State.DRAFT, Edition.State.REVIEW}
        ),
        None,
    )
    context = {
        "title": _name(slot),
        "slot": slot,
        "editions": editions,
        "in_force": in_force,
        "in_work": in_work,
        **_in_language(request, in_force),
    }
    return render(request, "consent/texts/text_detail.html", context)


@require_safe
def text_agreed_panel(request: HttpRequest, slug: str) -> HttpResponse:
    """Count who agreed to which edition; apart, since it counts every member."""
    slot = _slot(slug)
    agreed = selectors.count_agreed(programme_of(request), slot)
    context = {
        "title": _("Who agreed to which edition"),
        "slot": slot,
        "name": _name(slot),
        "agreed": agreed,
        "most": max((each.members for each in agreed), default=0),
    }
    template = "text_agreed_panel.html" if not is_partial(request) else "_agreed.html"
    return render(request, f"consent/texts/{template}", context)


@require_POST
def text_write(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin an edition, or go on with the one in work."""
    slot = _slot(slug)
    edition = editing.write_draft(
        programme=programme_of(request),
        kind=slot.kind,
        purpose=slot.purpose,
        channel=slot.channel,
        staff=staff_of(request),
        now=timezone.now(),
    )
    return redirect("privacy:edition-detail", edition.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
def edition_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show an edition: the editor of a draft, else its words beside other ones."""
    edition = _edition(request, public_id)
    if edition.state == Edition.State.DRAFT:
        if request.method == "POST":
            return _save(request, edition)
        return _show_editor(request, edition, _form(edition))
    if request.method == "POST":
        toast(request, _("It cannot be changed any more."), tone="error")
        return redirect("privacy:edition-detail", public_id)
    return _show_edition(request, edition)


@require_POST
def edition_preview(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what was typed as members would see it, and what is wrong; save nothing."""
    edition = _edition(request, public_id)
    form = _form(edition, request)
    form.is_valid()
    content = form.content()
    return render(
        request, "consent/texts/_draft_check.html", _checked(edition, content)
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edition_publish(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say what publishing does, and to how many; then publish."""
    edition = _edition(request, public_id)
    if edition.state != Edition.State.REVIEW:
        toast(request, _not_in_review(edition), tone="error")
        return redirect("privacy:edition-detail", public_id)
    if request.method == "POST":
        return _publish(request, edition)
    return _show_publish(request, edition)


@require_POST
def edition_return(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send an edition back to who wrote it, with the reason."""
    edition = _edition(request, public_id)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _show_edition(request, edition, return_form=form)
    try:
        editing.return_draft(
            edition=edition,
            because=form.cleaned_data["because"],
            staff=staff_of(request),
            now=timezone.now(),
        )
    except editing.NotInWork:
        edition.refresh_from_db()
        toast(request, _not_in_review(edition), tone="error")
    else:
        toast(request, _("Sent back to be rewritten."))
    return redirect("privacy:edition-detail", public_id)


@require_POST
def edition_discard(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give up an edition in work."""
    edition = _edition(request, public_id)
    try:
        editing.discard(edition=edition, staff=staff_of(request), now=timezone.now())
    except editing.NotInWork:
        toast(request, _("It cannot be changed any more."), tone="error")
    else:
        toast(request, _("The draft is discarded."))
    return redirect("privacy:text-detail", selectors.slot_of(edition).slug)


def _save(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Save a draft, and send it for review if that was asked."""
    form = _form(edition, request)
    if not form.is_valid():
        return _show_editor(request, edition, form)
    staff, now = staff_of(request), timezone.now()
    try:
        saved = editing.save_draft(
            edition=edition,
            content=form.content(),
            staff=staff,
            now=now,
            opened_at=form.opened_at,
        )
        if "review" in request.POST:
            editing.send_for_review(edition=saved, staff=staff, now=now)
    except editing.ChangedMeanwhile:
        edition.refresh_from_db()
        who = edition.written_by.name if edition.written_by else ""
        form.add_error(
            None,
            _(
                "%(who)s saved this draft while you were writing. Copy what you want "
                "to keep, then open the draft again."
            )
            % {"who": who},
        )
        return _show_editor(request, edition, form)
    except editing.NotInWork:
        form.add_error(None, _("It cannot be changed any more."))
        return _show_editor(request, edition, form)
    except editing.NotReady:
        fresh = _edition(request, edition.public_id)
        toast(
            request,
            _("Saved, but not sent: see what is wrong with the text."),
            tone="error",
        )
        return _show_editor(request, fresh, _form(fresh), status=422)
    if "review" in request.POST:
        toast(request, _("Sent for review."))
    else:
        toast(request, _("The draft is saved."))
    response = redirect("privacy:edition-detail", edition.public_id)
    tab = request.POST.get("tab", "")
    if tab in editing.LANGUAGES:
        response["Location"] += f"?language={tab}"
    return response


def _publish(request: HttpRequest, edition: Edition) -> HttpResponse:
    try:
        editing.publish_edition(
            edition=edition, staff=staff_of(request), now=timezone.now()
        )
    except editing.NotInWork:
        edition.refresh_from_db()
        toast(request, _not_in_review(edition), tone="error")
        return redirect("privacy:edition-detail", edition.public_id)
    except (editing.NeedsAnotherPerson, editing.NotReady):
        return _show_publish(request, edition, status=422)
    if edition.is_material:
        toast(request, _("Published. Members are being asked again."))
    else:
        toast(request, _("Published."))
    return redirect("privacy:text-detail", selectors.slot_of(edition).slug)


def _show_editor(
    request: HttpRequest, edition: Edition, form: EditionForm, *, status: int = 200
) -> HttpResponse:
    content = editing.content_of(edition)
    if form.is_bound:
        form.is_valid()
        content = form.content()
    context = {
        "title": _name(selectors.slot_of(edition)),
        "form": form,
        **_page(request, edition),
        **_checked(edition, content),
    }
    wanted = request.POST.get("tab", "") or request.GET.get("language", "")
    blamed = [each.language for each in context["complaints"] if each.language]
    if status == 422 and blamed and wanted not in blamed:
        wanted = blamed[0]
    context["tab"] = wanted if wanted in editing.LANGUAGES else editing.LANGUAGES[0]
    template = "consent/texts/edition_edit.html"
    return render(request, template, context, status=422 if form.errors else status)


def _show_edition(
    request: HttpRequest, edition: Edition, *, return_form: ReturnForm | None = None
) -> HttpResponse:
    others = [
        each
        for each in selectors.list_editions(
            programme_of(request), selectors.slot_of(edition)
        )
        if each.pk != edition.pk
    ]
    other = _chosen(request, edition, others)
    form = return_form or ReturnForm()
    is_asked = edition.is_material and edition.state == Edition.State.PUBLISHED
    shown = _in_language(request, edition)
    context = {
        "title": _name(selectors.slot_of(edition)),
        "others": others,
        "other": other,
        "passages": _passages(other, edition, shown["language"]),
        "return_form": form,
        "outcomes": selectors.count_outcomes(edition) if is_asked else [],
        "told": selectors.count_told(edition) if is_asked else 0,
        "news": edition.changes.get(shown["language"], ""),
        **shown,
        **_page(request, edition),
    }
    template = "consent/texts/edition_detail.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _show_publish(
    request: HttpRequest, edition: Edition, *, status: int = 200
) -> HttpResponse:
    previous = editing.before(edition)
    shown = _in_language(request, edition)
    faults = editing.faults_of(
        edition, editing.content_of(edition), previous, timezone.now()
    )
    context = {
        "title": _("Publish"),
        "name": _name(selectors.slot_of(edition)),
        "previous": previous,
        "passages": _passages(previous, edition, shown["language"]),
        "complaints": words.complaints_of(faults),
        "needs_another": editing.needs_another(edition, staff_of(request)),
        "to_ask": renewals.count_to_ask(edition) if edition.is_material else 0,
        **shown,
        **_page(request, edition),
    }
    template = "consent/texts/edition_publish.html"
    return render(request, template, context, status=status)


def _page(request: HttpRequest, edition: Edition) -> dict[str, Any]:
    """Return what every page of an edition shows."""
    return {
        "edition": edition,
        "slot": selectors.slot_of(edition),
        "name": _name(selectors.slot_of(edition)),
        "may_publish": bool(editing.PUBLISHERS & roles_of(staff_of(request))),
    }


def _checked(edition: Edition, content: Content) -> dict[str, Any]:
    """Return what was written as members see it, and what is wrong with it."""
    previous = editing.before(edition)
    faults = editing.faults_of(edition, content, previous, timezone.now())
    return {
        "edition": edition,
        "previous": previous,
        "complaints": words.complaints_of(faults),
        "previews": [
            (language, words.language_name(language), content.wordings[language])
            for language in editing.LANGUAGES
            if language in content.wordings
        ],
    }


def _in_language(request: HttpRequest, edition: Edition | None) -> dict[str, Any]:
    """Return the words in the language that the page was asked for, with its tabs."""
    written = editing.words_of(edition)
    wanted = request.GET.get("language", "")
    language = wanted if wanted in written else next(iter(written), "")
    query = request.GET.copy()
    tabs = []
    for each in written:
        query["language"] = each
        tabs.append((each, words.language_name(each), f"?{query.urlencode()}"))
    text = (
        next((each for each in edition.texts.all() if each.language == language), None)
        if edition
        else None
    )
    return {"language": language, "language_tabs": tabs, "text": text}


def _passages(
    old: Edition | None, new: Edition, language: str
) -> list[differences.Passage]:
    if old is None:
        return []
    return differences.diff(
        editing.words_of(old).get(language, _EMPTY),
        editing.words_of(new).get(language, _EMPTY),
    )


def _chosen(
    request: HttpRequest, edition: Edition, others: list[Edition]
) -> Edition | None:
    """Return the edition to compare with: the one asked for, or the one before."""
    wanted = request.GET.get("with", "")
    chosen = next((each for each in others if str(each.public_id) == wanted), None)
    return chosen or editing.before(edition)


def _form(edition: Edition, request: HttpRequest | None = None) -> EditionForm:
    return EditionForm(
        request.POST if request else None,
        edition=edition,
        suggested=_suggested(edition),
    )


def _suggested(edition: Edition) -> date:
    return local_day(timezone.now(), edition.programme.zone) + _SUGGESTED


def _edition(request: HttpRequest, public_id: UUID) -> Edition:
    found: Edition = get_object_or_404(
        selectors.list_with_words(programme_of(request)), public_id=public_id
    )
    return found


def _slot(slug: str) -> Slot:
    slot = selectors.find_slot(slug)
    if slot is None:
        raise Http404
    return slot


def _name(slot: Slot) -> str:
    return words.name_of(slot.kind, slot.purpose, slot.channel)


def _not_in_review(edition: Edition) -> str:
    if edition.state == Edition.State.PUBLISHED:
        return _("Somebody else has published it.")
    return _("It is not in review any more.")
