"""The words of every kind of message, in each language.

A kind has the files `templates/messaging/<language>/<kind>.sms.txt`, and for e-mail
`<kind>.subject.txt` and `<kind>.email.txt`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation

from common import plaintext
from consent.models import MESSAGE_CHANNELS, Channel
from messaging import sms
from stores.models import Programme

_BOTH = frozenset(MESSAGE_CHANNELS)
_LONGEST_SUBJECT = 200


class FieldsMissing(ValueError):
    """Raised when a message would be sent with a gap in it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A message we know how to write: on which channels, and what it must be told."""

    name: str
    channels: frozenset[Channel]
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Written:
    """A finished message; SMS have no subject."""

    subject: str
    body: str


_kinds: dict[str, Kind] = {}


def register(
    name: str, *, fields: set[str], channels: frozenset[Channel] = _BOTH
) -> None:
    """Make a kind of message known, with the values that its texts need.

    Raises:
        ValueError: the kind is registered already.
    """
    if name in _kinds:
        message = f"the kind of message {name} is registered twice"
        raise ValueError(message)
    _kinds[name] = Kind(name, channels, frozenset(fields))


def kinds() -> dict[str, Kind]:
    """Return every registered kind by its name."""
    return dict(_kinds)


def language_for(language: str) -> str:
    """Return the language if we write in it, else the first of ours."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def write(
    *,
    kind: str,
    channel: str,
    language: str,
    programme: Programme,
    context: Mapping[str, Any],
    now: datetime,
    expires_at: datetime | None = None,
) -> Written:
    """Write a message.

    Beside `context`, texts know `club`, `company`, `site`, `host`, and of what expires
    `minutes` and `days`.

    Raises:
        LookupError: there is no such kind, or not on this channel.
        FieldsMissing: the context lacks something that the texts need.
    """
    known = _kinds[kind]
    if channel not in known.channels:
        message = f"{kind} is not written for {channel}"
        raise LookupError(message)
    missing = [name for name in known.fields if context.get(name) in (None, "")]
    if missing:
        raise FieldsMissing(f"{kind}: {', '.join(sorted(missing))}")
    values = {**_common(programme, now, expires_at), **context}
    folder = f"messaging/{language}"
    with translation.override(language):
        if channel == Channel.SMS:
            text = plaintext.render(f"{folder}/{kind}.sms.txt", values)
            return Written("", sms.plain(text))
        subject = plaintext.render(f"{folder}/{kind}.subject.txt", values)
        body = plaintext.render(f"{folder}/{kind}.email.txt", values)
    # A name with a line break in it must not become a header of its own.
    return Written(" ".join(subject.split())[:_LONGEST_SUBJECT], body + "\n")


def _common(
    programme: Programme, now: datetime, expires_at: datetime | None
) -> dict[str, Any]:
    seconds = (expires_at - now).total_seconds() if expires_at else 0
    return {
        "club": programme.name,
        "company": programme.company_name,
        "site": settings.PUBLIC_URL.rstrip("/"),
        "host": urlsplit(settings.PUBLIC_URL).hostname or "",
        "minutes": round(seconds / 60),
        "days": round(seconds / 86400),
    }


register("join_link", fields={"link"})
register("login_code", fields={"code"})
register("number_check", fields={"link"}, channels=frozenset({Channel.SMS}))
register("welcome", fields={"first_name", "number"})
register("permission_question", fields={"link"})
register("email_in_use", fields={"phone"}, channels=frozenset({Channel.EMAIL}))
