"""Publish a text in every language at once, and the wordings a club starts with."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from common import plaintext
from consent.models import Channel, Edition, Purpose, Text
from consent.texts.wording import Wording, digest, tidy
from stores.models import Programme


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

    For what is set up with a club. What people write at the desk is drafted, reviewed
    and published by `consent.texts.editing`.

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
    a member (GDPR art. 7(2) and (4)). Sharing with partners is not among them: a club
    that does so publishes its text on purpose.
    """
    made: list[Text] = []
    with transaction.atomic():
        # Held to the end, so that two that set up the same club publish once.
        Programme.objects.select_for_update().get(pk=programme.pk)
        for (kind, purpose, channel), name in _DEFAULTS.items():
            exists = (
                name in _ON_DEMAND
                or Text.objects.filter(
                    programme=programme,
                    kind=kind,
                    purpose=purpose,
                    channel=channel,
                    published_at__isnull=False,
                ).exists()
            )
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


def default_name(*, kind: str, purpose: str, channel: str) -> str | None:
    """Return the file of our own wording of a text, or None: we have none."""
    return _DEFAULTS.get((kind, purpose, channel))


# What a club starts with: the file of the wording by kind, purpose and channel.
_DEFAULTS: dict[tuple[str, str, str], str] = {
    (Text.Kind.TERMS, "", ""): "terms",
    (Text.Kind.CONSENT, Purpose.MARKETING, Channel.SMS): "marketing_sms",
    (Text.Kind.CONSENT, Purpose.MARKETING, Channel.EMAIL): "marketing_email",
    (Text.Kind.CONSENT, Purpose.PROFILING, Channel.ANY): "profiling",
    (Text.Kind.CONSENT, Purpose.SURVEYS, Channel.SMS): "surveys_sms",
    (Text.Kind.CONSENT, Purpose.SURVEYS, Channel.EMAIL): "surveys_email",
    (Text.Kind.CONSENT, Purpose.PARTNERS, Channel.ANY): "partners",
}
_ON_DEMAND = frozenset({"partners"})


def _read(text: str) -> Wording:
    """Read a wording: its first line is the title; lines of a paragraph are joined."""
    title, _newline, body = text.partition("\n")
    return tidy(title, body)
