"""The record itself: one entry for each act of permission, with its proof."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from consent import contact, kinds
from consent.models import Channel, ConsentEntry, Purpose, TermsAcceptance, Text
from members import events
from members.models import Member

# The actor when members act for themselves; otherwise a public id of staff.
MEMBER = "member"
# What opens the gate, as far as permission goes.
YES = frozenset(
    {
        ConsentEntry.Action.GIVEN,
        ConsentEntry.Action.CONFIRMED,
        ConsentEntry.Action.IMPORTED,
    }
)

# A member's own: an import says what somebody else wrote down.
_OWN_YES = frozenset({ConsentEntry.Action.GIVEN, ConsentEntry.Action.CONFIRMED})

_EVENTS = {
    ConsentEntry.Action.GIVEN: kinds.GIVEN,
    ConsentEntry.Action.REFUSED: kinds.REFUSED,
    ConsentEntry.Action.WITHDRAWN: kinds.WITHDRAWN,
    ConsentEntry.Action.CONFIRMED: kinds.CONFIRMED,
    ConsentEntry.Action.OBJECTED: kinds.OBJECTED,
    ConsentEntry.Action.EXPIRED: kinds.EXPIRED,
    ConsentEntry.Action.IMPORTED: kinds.IMPORTED,
    ConsentEntry.Action.LIFTED: kinds.LIFTED,
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
    basis: str = ConsentEntry.Basis.CONSENT,
    receipt_id: UUID | None = None,
    now: datetime | None = None,
) -> ConsentEntry:
    """Add one act of permission to the member's record, with its proof.

    `evidence` holds ids of ours (a link, a code, a form), never contact details. `now`
    is when it is written down, for what was said before; else the database's clock.

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
            basis=basis,
            receipt_id=receipt_id,
            **({} if now is None else {"recorded_at": now}),
        )
        if action in _OWN_YES and basis == ConsentEntry.Basis.CONSENT:
            contact.forget_erased(member=member, channel=channel, now=now or at)
        _tell(entry, now or at)
    return entry


def repeat_entry(
    *,
    member: Member,
    entry: ConsentEntry,
    at: datetime,
    actor: str,
    evidence: dict[str, Any],
    now: datetime,
) -> ConsentEntry:
    """Write a word of the record again because memberships were merged or parted.

    Names the entry that it repeats and the text of that one, which for a yes of an
    imported club there may not be.
    """
    with transaction.atomic():
        again = ConsentEntry.objects.create(
            member=member,
            purpose=entry.purpose,
            channel=entry.channel,
            action=entry.action,
            at=at,
            source=ConsentEntry.Source.MERGE,
            actor=actor,
            text=entry.text,
            evidence={**evidence, "entry": str(entry.public_id)},
            basis=entry.basis,
            receipt_id=entry.receipt_id,
        )
        _tell(again, now)
    return again


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


def _tell(entry: ConsentEntry, now: datetime) -> None:
    is_soft = entry.basis == ConsentEntry.Basis.SOFT_OPT_IN and entry.action in YES
    events.record(
        member_id=entry.member_id,
        kind=kinds.SOFT_OPT_IN
        if is_soft
        else _EVENTS[ConsentEntry.Action(entry.action)],
        at=entry.at,
        now=now,
        data={
            "purpose": entry.purpose,
            "channel": entry.channel,
            "source": entry.source,
            "text_version": entry.text.version if entry.text else None,
        },
        subject_type="consent_entry",
        subject_id=entry.public_id,
    )


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
