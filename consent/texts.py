"""Publish the texts that members agree to, and cut them up for a page."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from common import plaintext
from consent.models import Channel, Edition, Purpose, Text
from stores.models import Programme

_HEADING = "## "


@dataclass(frozen=True, slots=True)
class Wording:
    """What one language says."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (or none) and the paragraphs below it."""

    heading: str
    paragraphs: tuple[str, ...]


def publish(
    *,
    programme: Programme,
    kind: str,
    purpose: str = "",
    channel: str = "",
    wordings: Mapping[str, Wording],
    now: datetime,
) -> list[Text]:
    """Publish a new version, all its languages at once; it never changes again.

    Raises:
        ValueError: there are no wordings.
    """
    if not wordings:
        message = "a version needs at least one language"
        raise ValueError(message)
    what = {
        "programme": programme,
        "kind": kind,
        "purpose": purpose,
        "channel": channel,
    }
    with transaction.atomic():
        # The programme's row, so that two publishers do not make the same version.
        Programme.objects.select_for_update().get(pk=programme.pk)
        latest = Edition.objects.filter(**what).aggregate(latest=Max("number"))
        edition = Edition.objects.create(
            **what,
            number=(latest["latest"] or 0) + 1,
            state=Edition.State.PUBLISHED,
            written_at=now,
            published_at=now,
        )
        return [
            Text.objects.create(
                **what,
                edition=edition,
                version=edition.number,
                language=language,
                title=wording.title,
                body=wording.body,
                text_hash=digest(wording),
                published_at=now,
            )
            for language, wording in wordings.items()
        ]


def publish_defaults(programme: Programme, now: datetime) -> list[Text]:
    """Publish the first terms and consent texts, where there are none yet.

    Terms and permissions are separate texts: nobody says yes to marketing by becoming
    a member (GDPR art. 7(2) and (4)).
    """
    made: list[Text] = []
    with transaction.atomic():
        # Held to the end, so that two that set up the same club publish once.
        Programme.objects.select_for_update().get(pk=programme.pk)
        for kind, purpose, channel, name in _DEFAULTS:
            exists = Text.objects.filter(
                programme=programme, kind=kind, purpose=purpose, channel=channel
            ).exists()
            if not exists:
                made += publish(
                    programme=programme,
                    kind=kind,
                    purpose=purpose,
                    channel=channel,
                    wordings=default_wordings(programme, name),
                    now=now,
                )
    return made


def default_wordings(programme: Programme, name: str) -> dict[str, Wording]:
    """Return our own wording of a text in every language, for a programme to use."""
    context = {
        "club": programme.name,
        "company": programme.company_name,
        "contact": programme.email_sender,
        "country": programme.country,
    }
    return {
        language: _read(
            plaintext.render(f"consent/defaults/{name}.{language}.txt", context)
        )
        for language, _name in settings.LANGUAGES
    }


def digest(wording: Wording) -> bytes:
    """Return the hash that proves which words were shown."""
    text = f"{wording.title}\n\n{wording.body}"
    return hashlib.sha256(text.encode()).digest()


def sections(body: str) -> list[Section]:
    """Cut a text into its sections: a line that starts with `## ` is a heading."""
    found: list[tuple[str, list[str]]] = []
    for block in body.split("\n\n"):
        paragraph = " ".join(block.split())
        if paragraph.startswith(_HEADING):
            found.append((paragraph.removeprefix(_HEADING), []))
        elif paragraph:
            if not found:
                found.append(("", []))
            found[-1][1].append(paragraph)
    return [Section(heading, tuple(paragraphs)) for heading, paragraphs in found]


# What a club starts with: kind, purpose, channel, and the file of the wording.
_DEFAULTS = [
    (Text.Kind.TERMS, "", "", "terms"),
    (Text.Kind.CONSENT, Purpose.MARKETING, Channel.SMS, "marketing_sms"),
    (Text.Kind.CONSENT, Purpose.MARKETING, Channel.EMAIL, "marketing_email"),
]


def _read(text: str) -> Wording:
    """Read a wording: its first line is the title; lines of a paragraph are joined."""
    title, _newline, body = text.partition("\n")
    blocks = (" ".join(block.split()) for block in body.split("\n\n"))
    return Wording(title.strip(), "\n\n".join(block for block in blocks if block))
