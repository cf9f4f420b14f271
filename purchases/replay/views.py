"""A version's replay: the panel on its page, the page of its result, and the file."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.ui.csv import csv_response
from common.ui.htmx import is_partial
from common.ui.toasts import toast
from points.models import EarningRule
from purchases.replay import files, selectors, services, shown
from purchases.replay.forms import ReplayForm
from purchases.replay.models import Replay
from purchases.replay.parts import months_of
from stores.access import roles_of
from stores.middleware import programme_of
from stores.roles import Role
from stores.views.pages import staff_of

State = Replay.State
# The access table says the same; this is for what the panel offers.
_WRITERS = frozenset({Role.OWNER, Role.MARKETER})


@require_safe
def panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with what a version's newest replay says, or how far it is."""
    return _panel(request, _version(request, public_id), ReplayForm())


@require_POST
def replay_start(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Have the version tried on past purchases."""
    rule = _version(request, public_id)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        return _panel(request, rule, form, status=422)
    try:
        services.start_replay(
            rule=rule,
            months=form.cleaned_data["months"],
            staff=staff_of(request),
            now=timezone.now(),
        )
    except services.AlreadyRunning:
        toast(request, _("Another version is being tried. Wait for it."), tone="info")
    if is_partial(request):
        return _panel(request, rule, ReplayForm())
    return redirect("purchases:replay-panel", public_id)


@require_POST
def replay_cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Call a replay off."""
    replay = _replay(request, public_id)
    try:
        services.cancel_replay(replay=replay, now=timezone.now())
    except services.IsOver:
        toast(request, _("It was over already."), tone="info")
    if is_partial(request):
        return _panel(request, replay.rule, ReplayForm())
    return redirect("purchases:replay-panel", replay.rule.public_id)


@require_safe
def replay_detail(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show a replay with all its figures, or send them as a file."""
    replay = _replay(request, public_id)
    is_done = replay.state == State.DONE
    if is_done and request.GET.get("format") == "csv":
        name = f"impact-version-{replay.rule.version}.csv"
        response = csv_response(files.lines_of(replay), name=name)
        add_never_cache_headers(response)
        return response
    context: dict[str, Any] = {
        "title": _("Impact of version %(n)s") % {"n": replay.rule.version},
        "crumbs": _crumbs(replay.rule),
        "replay": replay,
        "rule": replay.rule,
        "months": months_of(replay),
        "shown": shown.show(replay, now=timezone.now()) if is_done else None,
        "currency": replay.programme.currency,
    }
    return render(request, "purchases/replay/detail.html", context)


def _panel(
    request: HttpRequest, rule: EarningRule, form: ReplayForm, *, status: int = 200
) -> HttpResponse:
    replay = selectors.newest_of(rule)
    running = None
    if replay is None or replay.is_over:
        running = selectors.find_running(rule.programme_id)
    context: dict[str, Any] = {
        "rule": rule,
        "form": form,
        "replay": replay,
        # Of another version: only one at a time.
        "running": running,
        "may_start": bool(_WRITERS & roles_of(staff_of(request))),
        "title": _("Impact of version %(n)s") % {"n": rule.version},
        "crumbs": _crumbs(rule),
        "panel_template": "purchases/replay/_panel.html",
    }
    if replay is not None and replay.state == State.DONE:
        context["shown"] = shown.show(replay, now=timezone.now(), in_full=False)
    elif replay is not None and not replay.is_over:
        context["job"] = shown.job_of(replay)
    template = (
        "purchases/replay/_panel.html"
        if is_partial(request)
        else "purchases/replay/panel_page.html"
    )
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    add_never_cache_headers(response)
    return response


def _crumbs(rule: EarningRule) -> list[tuple[str, str]]:
    return [
        (_("Programme"), reverse("points:programme")),
        (
            shown.version_name(rule),
            reverse("points:version-detail", args=[rule.public_id]),
        ),
    ]


def _version(request: HttpRequest, public_id: UUID) -> EarningRule:
    rule: EarningRule = get_object_or_404(
        EarningRule.objects.select_related("programme"),
        programme=programme_of(request),
        public_id=public_id,
    )
    return rule


def _replay(request: HttpRequest, public_id: UUID) -> Replay:
    replay: Replay = get_object_or_404(
        Replay.objects.select_related(
            "programme", "rule__programme", "beside", "started_by"
        ),
        programme=programme_of(request),
        public_id=public_id,
    )
    return replay
