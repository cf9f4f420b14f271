"""The simulator: what phones and mailboxes would show."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.ui.htmx import is_partial
from consent.models import Channel
from members import phones
from messaging import selectors, sms, two_way
from messaging.models import Message
from messaging.two_way import Reply
from stores.middleware import programme_of, use_zone
from stores.models import Programme

_PHONES = 6
_MAILS = 10
_SMS_PER_PHONE = 12
_LONGEST_FILTER = 60


@dataclass(frozen=True, slots=True)
class Bubble:
    """An SMS as the phone shows it, with what it costs; `message` is one of ours."""

    at: datetime
    text: str
    segments: int
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """A number and its latest SMS both ways, oldest first."""

    number: str
    address: str
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
    number_part = _digits(words) or words
    texts = selectors.latest_by_address(
        programme=programme,
        channel=Channel.SMS,
        words=number_part,
        addresses=_PHONES,
        each=_SMS_PER_PHONE,
    )
    written = _written(programme, number_part)
    mails = selectors.latest_messages(
        programme=programme, channel=Channel.EMAIL, words=words, limit=_MAILS
    )
    sent = [*(one for many in texts.values() for one in many), *mails]
    seen = _mark(words, sent, written)
    if is_partial(request) and request.GET.get("seen") == seen:
        # Nothing new: the page keeps what it shows, and where it was scrolled to.
        return HttpResponse(status=204)
    context = {
        "phones": _phones(programme, texts, written),
        "mails": mails,
        "words": words,
        "seen": seen,
        "replies": two_way.replies(),
    }
    template = (
        "messaging/_outbox.html" if is_partial(request) else "messaging/outbox.html"
    )
    return render(request, template, context)


def _written(programme: Programme, words: str) -> list[Reply]:
    replies = two_way.replies()
    return replies.find(programme, words) if replies else []


def _phones(
    programme: Programme, texts: dict[str, list[Message]], written: list[Reply]
) -> list[Phone]:
    """Return the phones on which something happened last, the latest first."""
    bubbles: dict[str, list[Bubble]] = {}
    for address, messages in texts.items():
        bubbles[address] = [
            Bubble(
                message.queued_at,
                message.body,
                sms.size_of(message.body).segments,
                message,
            )
            for message in messages
        ]
    for reply in written:
        bubble = Bubble(reply.at, reply.text, sms.size_of(reply.text).segments)
        bubbles.setdefault(reply.address, []).append(bubble)
    # What was written comes before what answers it, though both have one time.
    for many in bubbles.values():
        many.sort(key=lambda bubble: (bubble.at, bubble.message is not None))
    latest = sorted(bubbles, key=lambda address: bubbles[address][-1].at, reverse=True)
    return [
        Phone(
            number=phones.display(address, programme.country),
            address=address,
            name=programme.sms_sender or programme.name,
            bubbles=bubbles[address][-_SMS_PER_PHONE:],
        )
        for address in latest[:_PHONES]
    ]


def _digits(words: str) -> str:
    """Return what a stored number would contain: `070-174` is `70174`."""
    digits = "".join(sign for sign in words if sign.isdigit())
    return digits.lstrip("0") if digits and "@" not in words else ""


def _mark(words: str, messages: list[Message], written: list[Reply]) -> str:
    """Return a short text that changes when what is shown does."""
    states = ",".join(f"{message.pk}{message.state}" for message in messages)
    keys = ",".join(reply.key for reply in written)
    return sha256(f"{words}|{states}|{keys}".encode()).hexdigest()[:16]
