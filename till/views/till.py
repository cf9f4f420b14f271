"""The till page: find a member, or register one."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from common.limits import LimitReached
from common.ui.htmx import is_partial
from members import phones
from till import guards, selectors, services
from till.answers import Answer, Outcome
from till.cards import card_of
from till.words import wait

# Longer than a card's code, shorter than anything that could do harm.
_LONGEST_TYPED = 120


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the pad, and nothing about anybody yet."""
    return _page(request, None)


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Answer who has this number or card."""
    typed = request.POST.get("number", "")[:_LONGEST_TYPED].replace("\x00", "")
    try:
        answer = services.look_up(
            device=guards.device_of(request),
            staff=guards.staff_of(request),
            typed=typed,
            now=timezone.now(),
        )
    except LimitReached as error:
        answer = Answer(Outcome.TOO_MANY, retry_after=error.retry_after)
    return _page(request, answer, typed=typed)


@require_POST
def register(request: HttpRequest) -> HttpResponse:
    """Register the number that was looked up, and send the join link."""
    try:
        answer = services.register(
            device=guards.device_of(request),
            staff=guards.staff_of(request),
            typed=request.POST.get("phone", "")[:_LONGEST_TYPED].replace("\x00", ""),
            language=get_language() or settings.LANGUAGE_CODE,
            now=timezone.now(),
        )
    except LimitReached as error:
        answer = Answer(Outcome.TOO_MANY, retry_after=error.retry_after)
    return _page(request, answer)


@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    """Send the join link once more."""
    try:
        answer = services.resend(
            device=guards.device_of(request),
            staff=guards.staff_of(request),
            typed=request.POST.get("phone", "")[:_LONGEST_TYPED].replace("\x00", ""),
            now=timezone.now(),
        )
    except LimitReached as error:
        answer = Answer(Outcome.TOO_MANY, retry_after=error.retry_after)
    return _page(request, answer)


def _page(
    request: HttpRequest, answer: Answer | None, *, typed: str = ""
) -> HttpResponse:
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
        }
        if answer.outcome is Outcome.KNOWN and answer.member is not None:
            context["card"] = card_of(answer.member, now=now)
    if is_partial(request):
        return render(request, "till/_answer.html", context)
    context |= {
        "staff": guards.staff_of(request),
        "example": phones.example(country),
        "new_members": selectors.count_new_members(device.store, now=now),
        # A card's code is good for minutes only and says nothing to people.
        "typed": "" if any(sign.isalpha() for sign in typed) else typed,
    }
    return render(request, "till/home.html", context)
