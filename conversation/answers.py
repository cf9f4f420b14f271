"""What our answers contain, and the texts that people say yes to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from consent import texts
from consent.models import Channel, Purpose, Text
from consent.selectors import current_text
from conversation.rules import Say
from members.models import Member
from messaging import templates
from points import words
from points.selectors import balance_of
from stores.models import Programme

# Which text a question is about: its kind, and the channel of a permission.
_ASKED_ABOUT = {
    Say.SMS: (Text.Kind.CONSENT, Channel.SMS),
    Say.START: (Text.Kind.CONSENT, Channel.SMS),
    Say.EMAIL: (Text.Kind.CONSENT, Channel.EMAIL),
    Say.TERMS: (Text.Kind.TERMS, ""),
}
# How a text is called in the address of its page.
TERMS_PAGE = "terms"
_FIELDS = {
    Say.SMS: {"text", "link"},
    Say.EMAIL: {"text", "link"},
    Say.START: {"text", "link"},
    Say.TERMS: {"link"},
    Say.BALANCE: {"balance"},
}
_SMS_ONLY = frozenset({Channel.SMS})


def kind_of(say: Say) -> str:
    """Return the kind of message by which something is said."""
    return f"conversation_{say.value}"


def register() -> None:
    """Register the kinds of messages; called once, when the room is ready."""
    for say in Say:
        templates.register(
            kind_of(say), fields=_FIELDS.get(say, set()), channels=_SMS_ONLY
        )


def text_for(say: Say, programme: Programme, language: str) -> Text | None:
    """Return the text in force that a question is about, or None for the rest.

    Raises:
        Text.DoesNotExist: the club has published none.
    """
    if say not in _ASKED_ABOUT:
        return None
    kind, channel = _ASKED_ABOUT[say]
    return current_text(
        programme=programme,
        kind=kind,
        purpose=Purpose.MARKETING if channel else "",
        channel=channel,
        language=language,
    )


def has_texts(programme: Programme, language: str) -> bool:
    """Tell whether everything can be asked that a membership needs."""
    try:
        for say in (Say.SMS, Say.EMAIL, Say.TERMS):
            text_for(say, programme, language)
    except Text.DoesNotExist:
        return False
    return True


def find_text(
    programme: Programme, language: str, what: str, version: str
) -> Text | None:
    """Return the version of a text that an SMS has linked to, or None."""
    if not (version.isascii() and version.isdigit() and len(version) < 7):
        return None
    channel = "" if what == TERMS_PAGE else what.upper()
    return Text.objects.filter(
        programme=programme,
        kind=Text.Kind.CONSENT if channel else Text.Kind.TERMS,
        # Of surveys by SMS there is a text as well; it is never sent.
        purpose=Purpose.MARKETING if channel else "",
        channel=channel,
        language=language,
        version=int(version),
        published_at__isnull=False,
    ).first()


def context_of(
    say: Say,
    *,
    programme: Programme,
    member: Member | None,
    language: str,
    text: Text | None,
    is_repeat: bool,
    is_open: bool,
    now: datetime,
) -> Mapping[str, Any]:
    """Return what the words of an answer are filled with."""
    context: dict[str, Any] = {
        "again": is_repeat,
        "is_open": is_open,
        "contact": programme.email_sender,
    }
    if text is not None:
        context["text"] = _declaration(text)
        context["link"] = _link_to(text)
    if say is Say.BALANCE and member is not None:
        with translation.override(language):
            context["balance"] = words.with_worth(balance_of(member, now))
    return context


def ids_of(context: Mapping[str, Any]) -> dict[str, UUID]:
    """Return which texts a conversation has sent: by channel, and the terms."""
    return {name: UUID(sent) for name, sent in context.get("texts", {}).items()}


def _declaration(text: Text) -> str:
    """Return the paragraph that a yes is a yes to; the page has the rest."""
    for section in texts.sections(text.body):
        if section.paragraphs:
            return section.paragraphs[0]
    return text.title


def _link_to(text: Text) -> str:
    what = text.channel.lower() or TERMS_PAGE
    path = reverse("conversation:text", args=[text.language, what, text.version])
    return settings.PUBLIC_URL.rstrip("/") + path
