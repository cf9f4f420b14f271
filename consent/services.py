"""Write down what a member allowed, refused or took back."""

from datetime import datetime
from typing import Any

from django.db import transaction

from consent import kinds
from consent.models import Channel, ConsentEntry, Purpose, TermsAcceptance, Text
from consent.selectors import find_permission, permissions_of
from members import events
from members.models import Member
from stores import audit
from stores.models import Staff

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

_EVENTS = {
    ConsentEntry.Action.GIVEN: kinds.GIVEN,
    ConsentEntry.Action.REFUSED: kinds.REFUSED,
    ConsentEntry.Action.WITHDRAWN: kinds.WITHDRAWN,
    ConsentEntry.Action.CONFIRMED: kinds.CONFIRMED,
    ConsentEntry.Action.OBJECTED: kinds.OBJECTED,
    ConsentEntry.Action.EXPIRED: kinds.EXPIRED,
    ConsentEntry.Action.IMPORTED: kinds.IMPORTED,
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
        _tell(entry, at)
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
        )
        _tell(again, now)
    return again


def withdraw_for_member(
    *, member: Member, purpose: str, channel: str, staff: Staff, now: datetime
) -> ConsentEntry | None:
    """Take a member's yes back because they said so to staff; None if there is none.

    There is no giving for a member: a yes is the member's own act.
    """
    with transaction.atomic():
        # Locked, so that two clicks are one withdrawal.
        Member.objects.select_for_update().get(pk=member.pk)
        latest = find_permission(member, purpose=purpose, channel=channel)
        if latest is None or latest.action != ConsentEntry.Action.GIVEN:
            return None
        entry = record_entry(
            member=member,
            purpose=purpose,
            channel=channel,
            action=ConsentEntry.Action.WITHDRAWN,
            at=now,
            source=ConsentEntry.Source.STAFF,
            actor=str(staff.public_id),
        )
        audit.record(
            programme=member.programme,
            actor=staff,
            action=kinds.WITHDRAWN,
            now=now,
            member_id=member.public_id,
            subject=f"{purpose} {channel}",
        )
    return entry


def choose(
    *,
    member: Member,
    purpose: str,
    channel: str,
    yes: bool,
    text: Text | None,
    source: str,
    evidence: dict[str, Any],
    now: datetime,
) -> ConsentEntry | None:
    """Write down a member's own yes or no; None when that is what holds already.

    Raises:
        TextMismatch: a yes without the text that was shown, or with another's.
    """
    with transaction.atomic():
        # Locked, so that two taps are one act.
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        latest = find_permission(member, purpose=purpose, channel=channel)
        is_given = latest is not None and latest.action in YES
        if is_given == yes and (yes or latest is not None):
            return None
        no = ConsentEntry.Action.WITHDRAWN if is_given else ConsentEntry.Action.REFUSED
        return record_entry(
            member=member,
            purpose=purpose,
            channel=channel,
            action=ConsentEntry.Action.GIVEN if yes else no,
            at=now,
            source=source,
            actor=MEMBER,
            text=text,
            evidence=evidence,
        )


def withdraw_all(
    *,
    member: Member,
    channel: str = "",
    source: str,
    evidence: dict[str, Any],
    now: datetime,
) -> list[ConsentEntry]:
    """Take back every yes of a member, or every one on a channel; return what was."""
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        return [
            record_entry(
                member=member,
                purpose=entry.purpose,
                channel=entry.channel,
                action=ConsentEntry.Action.WITHDRAWN,
                at=now,
                source=source,
                actor=MEMBER,
                evidence=evidence,
            )
            for entry in permissions_of(member).values()
            if entry.action in YES and channel in {"", entry.channel}
        ]


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
    events.record(
        member_id=entry.member_id,
        kind=_EVENTS[ConsentEntry.Action(entry.action)],
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
