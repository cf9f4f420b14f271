"""The programme as it is: the version in force in words, those before and to come."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.ui import navigation
from common.ui.htmx import is_partial
from common.ui.toasts import toast
from points import words
from points.models import EarningRule
from points.programme import (
    drafts,
    notices,
    panels,
    running_down,
    telling,
    versions,
)
from points.selectors import value_at, value_of
from points.views.programme import frame
from stores.middleware import programme_of
from stores.views.pages import staff_of


@require_safe
def programme_page(request: HttpRequest) -> HttpResponse:
    """Say what holds now, and show what comes, what was and what is being written."""
    programme = programme_of(request)
    now = timezone.now()
    found = versions.list_versions(programme, now)
    rule = value_at(found.in_force, now) if found.in_force else None
    context = {
        "title": _("Programme"),
        "subtitle": _("What members earn and get, in the words they read."),
        "versions": found,
        "sentences": running_down.said_at(programme, now=now),
        "worth": words.worth_of_a_point(rule, programme.currency) if rule else "",
        "may_write": frame.may_write(request),
        "links": [
            link
            for link in navigation.links_for(request)
            if link.entry.group == "loyalty" and link.url != request.path
        ],
    }
    return render(request, "points/programme/overview.html", context)


@require_safe
def figures_panel(request: HttpRequest) -> HttpResponse:
    """Count members and points; apart, since it counts all of them."""
    programme = programme_of(request)
    context = {
        "title": _("Figures of the programme"),
        "crumbs": frame.crumbs(),
        "figures": versions.summarize(programme, timezone.now()),
        "currency": programme.currency,
    }
    part = "_figures" if is_partial(request) else "figures"
    return render(request, f"points/programme/{part}.html", context)


@require_safe
def version_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a version in words, and what it changes from another one."""
    row = frame.version_of(request, public_id)
    if row.status == EarningRule.Status.DRAFT:
        return redirect("points:draft-edit", public_id)
    programme = programme_of(request)
    others = [
        each
        for each in versions.list_rows(programme)
        .filter(status=EarningRule.Status.PUBLISHED)
        .order_by("-starts_at")
        if each.pk != row.pk
    ]
    wanted = request.GET.get("with", "")
    other = next((each for each in others if str(each.public_id) == wanted), None)
    other = other or next(
        (each for each in others if each.starts_at < row.starts_at), None
    )
    rule = value_of(row)
    now = timezone.now()
    found = versions.list_versions(programme, now)
    context = {
        "title": frame.name_of(row),
        "crumbs": frame.crumbs(),
        "row": row,
        "state": _state(row, found),
        "said": telling.in_languages(programme, rule),
        "other": other,
        "others": others,
        "changes": telling.changes_between(programme, value_of(other), rule)
        if other
        else [],
        "held": running_down.held_by(row, versions.find_before(row))
        if row.runs_down_until
        else [],
        "panels": []
        if row.status == EarningRule.Status.WITHDRAWN
        else panels.places_for(row.public_id),
        "may_write": frame.may_write(request),
        # Those that start before another one must wait for that to be withdrawn.
        "may_withdraw": frame.may_write(request) and row == _last(found.coming),
        "is_told": notices.is_told(row),
    }
    return render(request, "points/programme/version.html", context)


@require_POST
def draft_add(request: HttpRequest) -> HttpResponse:
    """Begin a draft, from the version in force or from the one that is named."""
    programme = programme_of(request)
    source = None
    named = request.POST.get("source", "")
    if named:
        try:
            source = get_object_or_404(
                versions.list_rows(programme), public_id=UUID(named)
            )
        except ValueError:
            source = None
    draft = drafts.create_draft(
        programme=programme, staff=staff_of(request), now=timezone.now(), source=source
    )
    return redirect("points:draft-edit", draft.public_id)


@require_POST
def draft_discard(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    draft = frame.version_of(request, public_id)
    try:
        drafts.discard_draft(draft=draft, staff=staff_of(request), now=timezone.now())
    except drafts.NotADraft:
        toast(request, _("It is published and cannot be discarded."), tone="error")
        return redirect("points:version-detail", public_id)
    toast(request, _("The draft is discarded."))
    return redirect(reverse("points:programme"))


def _last(rows: list[EarningRule]) -> EarningRule | None:
    return rows[-1] if rows else None


def _state(row: EarningRule, found: versions.Versions) -> str:
    if row.status == EarningRule.Status.WITHDRAWN:
        return "withdrawn"
    if found.in_force and found.in_force.pk == row.pk:
        return "in_force"
    return "coming" if row in found.coming else "past"
