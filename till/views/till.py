"""The till page: find a member, or register one."""

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.limits import LimitReached
from common.ui.htmx import is_partial
from members import phones
from members.models import Member
from till import guards, selectors, services
from till.answers import Answer, Outcome
from till.cards import card_of
from till.words import wait

# Longer than a card's code, shorter than anything that could do harm.
_LONGEST_TYPED = 120


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the pad, and nothing about anybody yet."""
    return page(request, None)


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Answer who has this number or card."""
    typed = _typed(request, "number")
    return page(request, _answer(request, services.look_up, typed=typed), typed=typed)


@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """Register the number that was looked up, and send the join link."""
    language = get_language() or settings.LANGUAGE_CODE
    typed = _typed(request, "phone")
    return page(
        request, _answer(request, services.register, typed=typed, language=language)
    )


@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    """Send the join link once more."""
    typed = _typed(request, "phone")
    return page(request, _answer(request, services.resend, typed=typed))


@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """Let the owner of a long-silent number show that it is theirs."""
    typed = _typed(request, "phone")
    return page(request, _answer(request, services.ask_for_proof, typed=typed))


@require_http_methods(["GET", "HEAD", "POST"])
def name(request: HttpRequest) -> HttpResponse:
    """Let a manager find a member by name."""
    if request.method != "POST":
        return page(request, Answer(Outcome.NAME))
    first, last = _typed(request, "first"), _typed(request, "last")
    answer = _answer(request, services.search_names, first=first, last=last)
    return page(request, answer, first=first, last=last)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Show one of the members that a search by name found."""
    try:
        member_id = UUID(_typed(request, "member"))
        answer = _answer(request, services.choose, member_id=member_id)
    except (ValueError, Member.DoesNotExist):
        raise Http404 from None
    return page(request, answer)


def _typed(request: HttpRequest, field: str) -> str:
    return request.POST.get(field, "")[:_LONGEST_TYPED].replace("\x00", "")


def _answer(
    request: HttpRequest, verb: Callable[..., Answer], **typed: object
) -> Answer:
    try:
        return verb(
            device=guards.device_of(request),
            staff=guards.staff_of(request),
            now=timezone.now(),
            **typed,
        )
    except LimitReached as error:
        return Answer(Outcome.TOO_MANY, retry_after=error.retry_after)


def page(
    request: HttpRequest,
    answer: Answer | None,
    *,
    typed: str = "",
    first: str = "",
    last: str = "",
    **extra: object,
) -> HttpResponse:
    """Show the pad with an answer beside it, or the answer alone."""
    now = timezone.now()
    device = guards.device_of(request)
    country = device.store.programme.country
    context: dict[str, object] = {
        "answer": answer,
        "store": device.store,
        "device": device,
    }
    if answer is not None:
        context |= {
            "pane": f"till/answers/{answer.outcome}.html",
            "phone": phones.display(answer.phone, country),
            "wait": wait(answer.retry_after),
            "first": first,
            "last": last,
            "searches_names": guards.searches_names(request),
        }
        context |= extra
        if answer.outcome is Outcome.KNOWN and answer.member is not None:
            context["card"] = card_of(answer.member, now=now)
    if is_partial(request):
        return render(request, "till/_answer.html", context)
    context |= {
        "staff": guards.staff_of(request),
        "searches_names": guards.searches_names(request),
        "example": phones.example(country),
        "new_members": selectors.count_new_members(device.store, now=now),
        "week": selectors.summarize_week(
            device.store, guards.staff_of(request), now=now
        ),
        # A card's code is good for minutes only and says nothing to people.
        "typed": "" if any(sign.isalpha() for sign in typed) else typed,
    }
    return render(request, "till/home.html", context)
