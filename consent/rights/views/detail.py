"""One request: its clock, its log, and what can be done about it."""

from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consent import contact
from consent.desk.crumbs import crumbs_below
from consent.models import RightsRequest
from consent.rights import outlet, rules, selectors, wording
from consent.rights.forms import (
    AnswerForm,
    ExtendForm,
    NoteForm,
    ReasonForm,
    RefuseForm,
    SeenForm,
    ToldCodeForm,
    WayForm,
)
from consent.rights.roles import MAY_CARRY_OUT
from consent.rights.views.listing import clock
from members import care
from members.cards import display_number
from members.views.frame import staff_of
from stores.access import roles_of
from stores.middleware import programme_of

Bound = dict[str, Form]
_COPIES = (RightsRequest.Kind.ACCESS, RightsRequest.Kind.PORTABILITY)


@require_safe
def show(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a request; opening it is a look at its member, and on record."""
    asked = find(request, public_id)
    if asked.member.status != asked.member.Status.ERASED:
        now = timezone.now()
        care.note_view(member=asked.member, staff=staff_of(request), now=now)
    return page(request, asked)


@require_safe
def letter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show the answer as a letter to print."""
    asked = find(request, public_id)
    context = {
        "title": _("Letter"),
        "asked": asked,
        "written_at": timezone.now(),
        "crumbs": crumbs_below(
            request,
            (_("Requests"), reverse("privacy:request-list")),
            (
                asked.get_kind_display(),
                reverse("privacy:request-detail", args=[asked.public_id]),
            ),
        ),
    }
    response = render(request, "consent/rights/letter.html", context)
    add_never_cache_headers(response)
    return response


def find(request: HttpRequest, public_id: UUID) -> RightsRequest:
    """Return a request of the club.

    Raises:
        Http404: there is none.
    """
    found: RightsRequest = get_object_or_404(
        RightsRequest.objects.select_related(
            "member__programme", "programme", "handled_by"
        ),
        programme=programme_of(request),
        public_id=public_id,
    )
    return found


def page(
    request: HttpRequest,
    asked: RightsRequest,
    bound: Bound | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Answer with the page; `bound` holds the form that something is wrong with."""
    now, bound = timezone.now(), bound or {}
    member = asked.member
    is_erased = member.status == member.Status.ERASED
    ways = ways_of(asked)
    answers = [] if is_erased else wording.choices_for(asked)
    wanted = request.GET.get("template", "")
    chosen = next((each for each in answers if each.key == wanted), None)
    chosen = chosen or (answers[0] if answers else None)
    context: dict[str, Any] = {
        "title": asked.get_kind_display(),
        "crumbs": crumbs_below(
            request,
            (_("Requests"), reverse("privacy:request-list")),
        ),
        "asked": asked,
        "member": None if is_erased else member,
        "label": "" if is_erased else care.label_of(member),
        "number": "" if is_erased else display_number(member.number),
        "clock": clock(asked, now=now),
        "steps": list(selectors.list_steps(asked)),
        "is_open": asked.closed_at is None,
        "is_copy": asked.kind in _COPIES,
        "is_proven": asked.proven_at is not None,
        "may_carry_out": bool(MAY_CARRY_OUT & roles_of(staff_of(request))),
        "may_extend": rules.may_extend(
            received_at=asked.received_at,
            extended_at=asked.extended_at,
            now=now,
            zone=asked.programme.zone,
        ),
        "extended_due": rules.extended_due_at(asked.received_at, asked.programme.zone),
        "is_restricted": not is_erased
        and contact.preference_of(member).restricted_at is not None,
        "ways": ways,
        "answers": answers,
        "chosen": chosen,
        "forms": {
            "code": WayForm(ways=ways),
            "prove": ToldCodeForm(ways=ways),
            "seen": SeenForm(),
            "extend": ExtendForm(),
            "note": NoteForm(),
            "answer": AnswerForm(
                initial={"text": asked.answer or (chosen.body if chosen else "")}
            ),
            "refuse": RefuseForm(),
            "copy": ReasonForm(),
            "erase": ReasonForm(),
            **bound,
        },
        "wrong": next(iter(bound), ""),
    }
    response = render(
        request, "consent/rights/request_detail.html", context, status=status
    )
    add_never_cache_headers(response)
    return response


def ways_of(asked: RightsRequest) -> list[tuple[str, str]]:
    """Return where a code can go, while it is not known who asks."""
    face = outlet.find()
    if face is None or asked.closed_at is not None or asked.proven_at is not None:
        return []
    return face.code_ways(asked.member, now=timezone.now())
