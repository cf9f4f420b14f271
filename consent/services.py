"""Write down what a member allowed, refused or took back."""

from datetime import datetime
from typing import Any

from django.db import transaction

from consent import kinds
from consent.models import Channel, ConsentEntry, Purpose, TermsAcceptance, Text
from members import events
from members.models import Member

# The actor when members act for themselves; otherwise a public id of staff.
MEMBER = "member"

_EVENTS = {
    ConsentEntry.Action.GIVEN: kinds.GIVEN,
    ConsentEntry.Action.REFUSED: kinds.REFUSED,
    ConsentEntry.Action.WITHDRAWN: kinds.WITHDRAWN,
}


class TextMismatch(ValueError):
    """Raised when a text is not the one for what it is said to prove."""


def record_entry(
    *,
    member: Member,
    purpose: str,
    channel: str,
    action: str,
    at: datetime,
    source: str,
    actor: str,
    text: Text | None = None,
    evidence: dict[str, Any] | None = None,
) -> ConsentEntry:
    """Add one act of permission to the member's record, with its proof.

    `evidence` holds ids of ours (a link, a code, a form), never contact details.

    Raises:
        TextMismatch: a yes without the text that was shown, or with another's.
    """
    action = ConsentEntry.Action(action)
    _refuse_mismatch(member, Purpose(purpose), Channel(channel), action, text)
    with transaction.atomic():
        entry = ConsentEntry.objects.create(
            member=member,
            purpose=purpose,
            channel=channel,
            action=action,
            at=at,
            source=source,
            actor=actor,
            text=text,
            evidence=evidence or {},
        )
        events.record(
            member_id=member.pk,
            kind=_EVENTS[action],
            at=at,
            now=at,
            data={
                "purpose": purpose,
                "channel": channel,
                "source": source,
                "text_version": text.version if text else None,
            },
            subject_type="consent_entry",
            subject_id=entry.public_id,
        )
    return entry


def accept_terms(
    *, member: Member, text: Text, at: datetime, source: str
) -> TermsAcceptance:
    """Note that a member accepted a version of the terms; once for each version.

    Raises:
        TextMismatch: the text is not the terms of the member's programme.
    """
    if text.kind != Text.Kind.TERMS or text.programme_id != member.programme_id:
        raise TextMismatch(str(text.public_id))
    acceptance, _is_new = TermsAcceptance.objects.get_or_create(
        member=member, text=text, defaults={"at": at, "source": source}
    )
    return acceptance


def _refuse_mismatch(
    member: Member,
    purpose: Purpose,
    channel: Channel,
    action: ConsentEntry.Action,
    text: Text | None,
) -> None:
    if text is None:
        if action == ConsentEntry.Action.GIVEN:
            raise TextMismatch(f"a yes to {purpose} by {channel} names no text")
        return
    shown = (text.programme_id, text.kind, text.purpose, text.channel)
    if shown != (member.programme_id, Text.Kind.CONSENT, purpose, channel):
        raise TextMismatch(str(text.public_id))
    if text.published_at is None:
        raise TextMismatch(f"{text.public_id} was never published")
