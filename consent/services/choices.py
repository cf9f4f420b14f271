"""What members choose, and what is taken back for them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from consent import kinds
from consent.models import ConsentEntry, Text
from consent.selectors import find_permission, permissions_of
from consent.services.entries import MEMBER, YES, record_entry
from consent.services.objections import refuse_objected
from members.models import Member
from stores import audit
from stores.models import Staff


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
        if latest is None or latest.action not in YES:
            return None
        entry = record_entry(
            member=member,
            purpose=purpose,
            channel=channel,
            action=ConsentEntry.Action.WITHDRAWN,
            at=now,
            source=ConsentEntry.Source.STAFF,
            actor=str(staff.public_id),
            now=now,
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
        ObjectionStands: a yes to marketing or its profiling, and the member has
            objected to it and not taken that back.
    """
    with transaction.atomic():
        # Locked, so that two taps are one act.
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        if yes:
            refuse_objected(member, purpose)
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
            now=now,
        )


def report(
    *,
    member: Member,
    purpose: str,
    channel: str,
    action: str,
    at: datetime,
    source: str,
    text: Text | None,
    evidence: dict[str, Any],
    now: datetime,
) -> ConsentEntry:
    """Write down what a member did in another system, perhaps a while ago.

    Raises:
        TextMismatch: a yes without the text that was shown, or with another's.
        ObjectionStands: a yes to marketing or its profiling, and the member has
            objected to it and not taken that back.
    """
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        if action in YES:
            refuse_objected(member, purpose)
        return record_entry(
            member=member,
            purpose=purpose,
            channel=channel,
            action=action,
            at=at,
            source=source,
            actor=MEMBER,
            text=text,
            evidence=evidence,
            now=now,
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
                now=now,
            )
            for entry in permissions_of(member).values()
            if entry.action in YES and channel in {"", entry.channel}
        ]
