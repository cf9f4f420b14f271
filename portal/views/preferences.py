"""One page of choices for two ways in: signed in, and by the link in a message."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from common.ui.toasts import toast
from consent import services
from members.models import Member
from portal.preferences.centre import Centre, centre_of
from portal.preferences.forms import PreferenceForm, TextsChanged
from portal.preferences.saving import Outdated, save


@dataclass(frozen=True, slots=True)
class Way:
    """How a member came to the page, and what proves that it was them."""

    template: str
    # Where the page lives; its forms are sent there.
    url: str
    source: str
    evidence: dict[str, Any]
    language: str
    # A message can be passed on: what tells of health is shown only to who signed in.
    is_signed_in: bool


@dataclass(frozen=True, slots=True)
class _Act:
    """What one button does, and the words that follow."""

    service: Callable[..., Any]
    done: str


def answer(
    request: HttpRequest, member: Member, way: Way, *, now: datetime, **more: Any
) -> HttpResponse:
    """Show what may be chosen, or do what was chosen; only a POST changes anything."""
    if request.method != "POST":
        return _page(request, member, way, now=now, **more)
    act = _acts().get(request.POST.get("do", ""))
    if act is None:
        return _save(request, member, way, now=now, **more)
    act.service(member=member, source=way.source, evidence=way.evidence, now=now)
    toast(request, act.done)
    return redirect(way.url)


def _acts() -> dict[str, _Act]:
    return {
        "stop": _Act(
            services.withdraw_all, gettext("Stopped. It holds from this moment.")
        ),
        "object": _Act(
            services.object_to_marketing,
            gettext("Noted: no marketing and no profiling, from this moment."),
        ),
        "lift": _Act(
            services.lift_objection,
            gettext("Taken back. Say yes below to what you want."),
        ),
    }


def _save(
    request: HttpRequest, member: Member, way: Way, *, now: datetime, **more: Any
) -> HttpResponse:
    centre = centre_of(member, language=way.language, now=now)
    form = _form(centre, way, request.POST)
    if not form.is_valid():
        return _page(request, member, way, now=now, form=form, **more)
    try:
        is_changed = save(
            member=member,
            wanted=form.wanted(),
            source=way.source,
            evidence=way.evidence,
            language=way.language,
            now=now,
        )
    except (Outdated, TextsChanged):
        return _page(request, member, way, now=now, is_outdated=True, **more)
    if is_changed:
        toast(request, gettext("Your choices are saved."))
    else:
        toast(request, gettext("Nothing was changed."), tone="info")
    return redirect(way.url)


def _page(
    request: HttpRequest,
    member: Member,
    way: Way,
    *,
    now: datetime,
    form: PreferenceForm | None = None,
    is_outdated: bool = False,
    **more: Any,
) -> HttpResponse:
    if form is None:
        form = _form(centre_of(member, language=way.language, now=now), way)
    context = {
        "centre": form.centre,
        "form": form,
        "way": way,
        "is_outdated": is_outdated,
        **more,
    }
    status = 409 if is_outdated else 422 if form.is_bound else 200
    return render(request, way.template, context, status=status)


def _form(centre: Centre, way: Way, *data: Any) -> PreferenceForm:
    return PreferenceForm(*data, centre=centre, with_diets=way.is_signed_in)
