"""Publishing: what will hold, what changes, what is worse, and when it starts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.periods import local_day
from common.ui.toasts import toast
from points.models import EarningRule
from points.programme import (
    drafts,
    looking,
    panels,
    running_down,
    telling,
    versions,
    worsened,
)
from points.programme.comparing import Worsening
from points.programme.drafts import NOTICE, RUN_DOWN
from points.programme.faults import blocking
from points.programme.forms.publish import PublishForm, StartForm, Unseen
from points.programme.looking import Look
from points.selectors import value_of
from points.views.programme import frame
from stores.access import roles_of
from stores.middleware import programme_of
from stores.roles import Role
from stores.views.pages import staff_of


@require_http_methods(["GET", "HEAD", "POST"])
def draft_publish(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say in sentences what publishing does, then do it."""
    draft = frame.version_of(request, public_id)
    if draft.status != EarningRule.Status.DRAFT:
        toast(request, _("It is published already."), tone="error")
        return redirect("points:version-detail", public_id)
    now = timezone.now()
    # What is worse hangs on the start: what ends before it takes nothing away.
    start = StartForm(request.POST or None, programme=draft.programme)
    starts_at = start.starts_at() if start.is_valid() else None
    worse = drafts.worse_than_before(draft, starts_at)
    look = looking.find_look(draft, now=now) if worse else None
    form = _form(request, draft, worse, look, starts_at=starts_at, now=now)
    if request.method != "POST":
        return _show(request, draft, form, look)
    if not form.is_valid():
        return _show(request, draft, form, look, status=422)
    try:
        row = drafts.publish(
            draft=draft, start=form.start(), staff=staff_of(request), now=now
        )
    except drafts.CannotPublish as error:
        for fault in error.faults:
            form.add_error(
                "starts_on" if fault.pointer == "/starts_at" else None, fault.message
            )
        return _show(request, draft, form, look, status=422)
    except drafts.NeedsNotice as error:
        # Another version was published meanwhile, than which this one is worse.
        look = looking.find_look(draft, now=now)
        form = _form(
            request, draft, error.worsenings, look, starts_at=starts_at, now=now
        )
        form.add_error(None, _("Members need notice of what is worse for them."))
        return _show(request, draft, form, look, status=422)
    except drafts.NotADraft:
        toast(request, _("It is published already."), tone="error")
        return redirect("points:programme")
    toast(request, _("Published: %(name)s.") % {"name": frame.name_of(row)})
    return redirect("points:version-detail", row.public_id)


def _form(
    request: HttpRequest,
    draft: EarningRule,
    worse: list[Worsening],
    look: Look | None,
    *,
    starts_at: datetime | None,
    now: datetime,
) -> PublishForm:
    """Return the form, with all that such a start asks for.

    What the page did not ask for when it was sent is suggested, to be read and sent
    once more.
    """
    typed = request.POST.copy() if request.POST else None
    form = PublishForm(
        typed,
        programme=draft.programme,
        worse=worse,
        now=now,
        unseen=_unseen(request, worse, look),
        initial=_initial(draft, worse, starts_at, now),
    )
    if typed is not None:
        form.suggest(typed)
    return form


def _show(
    request: HttpRequest,
    draft: EarningRule,
    form: PublishForm,
    look: Look | None,
    *,
    status: int = 200,
) -> HttpResponse:
    programme = programme_of(request)
    before = versions.find_before(draft)
    rule = value_of(draft)
    old = value_of(before) if before else None
    faults = drafts.faults_of(
        draft, drafts.content_of(draft), starts_at=draft.starts_at
    )
    changes = telling.changes_between(programme, old, rule)
    context = {
        "title": _("Publish"),
        "crumbs": frame.draft_crumbs(draft),
        "draft": draft,
        "form": form,
        "before": before,
        "faults": blocking(faults),
        "warnings": [fault for fault in faults if fault.is_warning],
        "changes": [each for each in changes if each.sort is not telling.Sort.SAME],
        "said": telling.in_languages(programme, rule),
        "worse": [
            worsened.say(each, programme=programme, old=old, new=rule)
            for each in form.worse
            if old
        ],
        "held": running_down.held_by(draft, before)
        if "runs_down_until" in form.fields
        else [],
        "look": look,
        "notice_days": NOTICE.days,
        "panels": panels.places_for(draft.public_id),
    }
    template = "points/programme/publish.html"
    return render(request, template, context, status=status)


def _unseen(request: HttpRequest, worse: list[Worsening], look: Look | None) -> Unseen:
    """Return what may be done about worse terms of which nobody saw the effect."""
    if not worse or look is not None or not looking.is_possible():
        return Unseen.NO
    is_owner = Role.OWNER in roles_of(staff_of(request))
    return Unseen.SKIP if is_owner else Unseen.TRY_FIRST


def _initial(
    draft: EarningRule,
    worse: list[Worsening],
    starts_at: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    """Suggest a start that is soon, or leaves time for a notice, and what it asks for.

    `starts_at` is the one that was typed, if any.
    """
    zone = draft.programme.zone
    local = (starts_at or draft.starts_at).astimezone(zone)
    initial: dict[str, Any] = {
        "starts_on": local.date(),
        "starts_at_hour": local.time(),
    }
    if worse:
        initial["told_on"] = local_day(now, zone)
        initial["runs_down_until"] = local.date() + RUN_DOWN
    return initial
