"""Tell members that they are asked again, and show them what is new.

The questions themselves are kept by `consent.renewals`; a room that may not send asks
this one to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format

from common.periods import start_of_day
from consent import renewals
from consent.models import Channel, Edition, Purpose, Renewal, Text
from consent.selectors import current_text, find_acceptance, find_permission
from consent.services import YES
from consent.texts import Wording
from consent.texts.differences import Passage, changed_only, diff
from members.models import Member
from messaging.models import Message
from messaging.services import queue_message

LINK_LIFE = timedelta(days=400)
_SALT = "portal.renewals"
_LONGEST = 120

# Who has not been told yet, and by which way they would be: terms by the way that
# reaches them, a permission by its own channel, and one for every way by a channel on
# which they said yes to hearing from the club.
_TO_TELL = """
SELECT r.id, w.channel
FROM consent_renewal r
JOIN consent_edition e ON e.id = r.edition_id
JOIN stores_programme g ON g.id = e.programme_id
JOIN members_member m ON m.id = r.member_id
LEFT JOIN consent_permission p ON p.member_id = m.id
    AND p.purpose = e.purpose AND p.channel = e.channel AND p.action = ANY (%(yes)s)
CROSS JOIN LATERAL (SELECT CASE
    WHEN e.kind = 'TERMS' THEN CASE WHEN m.email <> '' THEN 'EMAIL' ELSE 'SMS' END
    WHEN e.channel <> 'ANY' THEN e.channel
    ELSE (SELECT o.channel FROM consent_permission o
        WHERE o.member_id = m.id AND o.purpose = 'MARKETING'
            AND o.action = ANY (%(yes)s) AND o.channel IN ('EMAIL', 'SMS')
        ORDER BY o.channel LIMIT 1) END AS channel) w
WHERE r.outcome = 'OPEN' AND r.told_at IS NULL AND m.status = 'ACTIVE'
    AND e.state = 'PUBLISHED'
    AND (e.kind = 'TERMS' OR p.id IS NOT NULL
        AND e.answer_by >= (%(now)s AT TIME ZONE g.time_zone)::date)
    AND (w.channel = 'SMS' AND m.phone <> '' OR w.channel = 'EMAIL' AND m.email <> '')
    AND NOT EXISTS (SELECT FROM messaging_message x
        WHERE x.dedupe_key = 'renewal:' || r.public_id)
ORDER BY r.id
LIMIT %(limit)s
"""
_TOLD = """
SELECT r.public_id, x.sent_at
FROM consent_renewal r
JOIN messaging_message x ON x.dedupe_key = 'renewal:' || r.public_id
WHERE r.told_at IS NULL AND r.outcome = 'OPEN' AND x.state = 'SENT'
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a member is asked again, as a page shows it."""

    renewal: Renewal
    # The words in force, and those that the member agreed to, if we know them.
    text: Text
    agreed: Text | None
    news: str
    passages: Sequence[Passage]

    @property
    def is_terms(self) -> bool:
        """Tell whether it is about the terms."""
        return self.text.kind == Edition.Kind.TERMS


def questions_for(member: Member, *, language: str) -> list[Question]:
    """Return what a member is asked now, with what is new in it."""
    return [
        _question(member, renewal, language) for renewal in renewals.open_for(member)
    ]


def tell(*, now: datetime, limit: int = 200) -> int:
    """Write to a batch of members that they are asked again; return how many.

    What the gate stops is not tried again: their pages ask them still.
    """
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"now": now, "limit": limit, "yes": sorted(YES)}
        cursor.execute(_TO_TELL, values)
        channels = dict(cursor.fetchall())
    found = Renewal.objects.select_related("edition", "member__programme")
    for renewal in found.filter(pk__in=channels).order_by("pk"):
        _tell(renewal, Channel(channels[renewal.pk]), now)
    return len(channels)


def note_told(*, limit: int = 5000) -> int:
    """Note which of the messages have been sent; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, {"limit": limit})
        told = dict(cursor.fetchall())
    renewals.mark_told(told)
    return len(told)


def link_for(renewal: Renewal) -> str:
    """Return the address by which a member answers without signing in."""
    packed = signing.b64_encode(renewal.public_id.bytes).decode()
    token = signing.TimestampSigner(salt=_SALT, sep=".").sign(packed)
    path = reverse("portal:renewals-link", args=[token])
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def read_link(token: str) -> Renewal | None:
    """Return the renewal that a link was sent about; None if forged or too old."""
    if len(token) > _LONGEST:
        return None
    try:
        packed = signing.TimestampSigner(salt=_SALT, sep=".").unsign(
            token, max_age=LINK_LIFE
        )
        public_id = UUID(bytes=signing.b64_decode(packed.encode()))
    except (signing.BadSignature, ValueError):
        return None
    return (
        Renewal.objects.select_related("member__programme", "edition")
        .filter(public_id=public_id)
        .exclude(member__status__in=[Member.Status.ERASED, Member.Status.MERGED])
        .first()
    )


def _question(member: Member, renewal: Renewal, language: str) -> Question:
    edition = renewal.edition
    text = current_text(
        programme=member.programme,
        kind=edition.kind,
        purpose=edition.purpose,
        channel=edition.channel,
        language=language,
    )
    agreed = _agreed(member, text)
    passages = (
        changed_only(
            diff(Wording(agreed.title, agreed.body), Wording(text.title, text.body))
        )
        if agreed
        else []
    )
    return Question(
        renewal, text, agreed, edition.changes.get(text.language, ""), passages
    )


def _agreed(member: Member, text: Text) -> Text | None:
    """Return the words that the member agreed to, in the language of the new ones."""
    if text.kind == Edition.Kind.TERMS:
        acceptance = find_acceptance(member)
        said = acceptance.text if acceptance else None
    else:
        entry = find_permission(member, purpose=text.purpose, channel=text.channel)
        said = entry.text if entry else None
    if said is None or said.language == text.language:
        return said
    same = Text.objects.filter(edition=said.edition_id, language=text.language)
    return same.first() or said


def _tell(renewal: Renewal, channel: Channel, now: datetime) -> None:
    edition, member = renewal.edition, renewal.member
    is_terms = edition.kind == Edition.Kind.TERMS
    text = current_text(
        programme=member.programme,
        kind=edition.kind,
        purpose=edition.purpose,
        channel=edition.channel,
        language=member.language,
    )
    day = edition.holds_from if is_terms else edition.answer_by
    with translation.override(member.language):
        context = {
            "title": text.title,
            "news": edition.changes.get(text.language, ""),
            "day": date_format(day, "DATE_FORMAT") if day else "",
            "link": link_for(renewal),
        }
    ends_at = None
    if edition.answer_by and not is_terms:
        zone = member.programme.zone
        ends_at = start_of_day(edition.answer_by + timedelta(days=1), zone)
    queue_message(
        programme=member.programme,
        member=member,
        channel=channel,
        message_class=_class_of(edition),
        kind="terms_changed" if is_terms else "consent_renewal",
        language=member.language,
        address=member.phone if channel is Channel.SMS else member.email,
        context=context,
        dedupe_key=f"renewal:{renewal.public_id}",
        now=now,
        expires_at=ends_at,
    )


def _class_of(edition: Edition) -> Message.Class:
    """Return what the gate must allow: asking for a yes is marketing in itself."""
    if edition.kind == Edition.Kind.TERMS:
        return Message.Class.SERVICE
    if edition.purpose == Purpose.SURVEYS:
        return Message.Class.SURVEY
    return Message.Class.MARKETING
