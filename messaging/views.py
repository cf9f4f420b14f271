"""The simulator: what phones and mailboxes would show."""

from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.ui.htmx import is_partial
from consent.models import Channel
from members import phones
from messaging import selectors, sms
from messaging.models import Message
from stores.middleware import programme_of, use_zone

_PHONES = 6
_MAILS = 10
_SMS_PER_PHONE = 12
_LONGEST_FILTER = 60


@dataclass(frozen=True, slots=True)
class Bubble:
    """An SMS as the phone shows it, with what it costs."""

    message: Message
    segments: int


@dataclass(frozen=True, slots=True)
class Phone:
    """A number and its latest SMS, oldest first."""

    number: str
    name: str
    bubbles: list[Bubble]


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Show the latest messages as their receivers would see them.

    There are codes in them, so there is no such page without the simulator, and
    production refuses to start with it.
    """
    if not settings.MESSAGE_SIMULATOR:
        raise Http404
    programme = programme_of(request)
    use_zone(request)
    words = request.GET.get("to", "")[:_LONGEST_FILTER].replace("\x00", "").strip()
    texts = selectors.latest_by_address(
        programme=programme,
        channel=Channel.SMS,
        words=_digits(words) or words,
        addresses=_PHONES,
        each=_SMS_PER_PHONE,
    )
    mails = selectors.latest_messages(
        programme=programme, channel=Channel.EMAIL, words=words, limit=_MAILS
    )
    seen = _mark(words, [*(one for many in texts.values() for one in many), *mails])
    if is_partial(request) and request.GET.get("seen") == seen:
        # Nothing new: the page keeps what it shows, and where it was scrolled to.
        return HttpResponse(status=204)
    context = {
        "phones": [
            Phone(
                number=phones.display(number, programme.country),
                name=programme.sms_sender or programme.name,
                bubbles=[
                    Bubble(message, sms.size_of(message.body).segments)
                    for message in messages
                ],
            )
            for number, messages in texts.items()
        ],
        "mails": mails,
        "words": words,
        "seen": seen,
    }
    template = (
        "messaging/_outbox.html" if is_partial(request) else "messaging/outbox.html"
    )
    return render(request, template, context)


def _digits(words: str) -> str:
    """Return what a stored number would contain: `070-174` is `70174`."""
    digits = "".join(sign for sign in words if sign.isdigit())
    return digits.lstrip("0") if digits and "@" not in words else ""


def _mark(words: str, messages: list[Message]) -> str:
    """Return a short text that changes when what is shown does."""
    states = ",".join(f"{message.pk}{message.state}" for message in messages)
    return sha256(f"{words}|{states}".encode()).hexdigest()[:16]
