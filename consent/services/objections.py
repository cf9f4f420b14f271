"""The objection to all direct marketing and its profiling (GDPR art. 21(2)-(3)).

It is absolute: it stops marketing on every way and every ground, and what was worked
out about the member for it is deleted. Only the member takes it back, and that gives
no yes back: what was allowed before has to be said anew.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from consent import profile
from consent.models import Channel, ConsentEntry, Purpose
from consent.selectors import find_permission, permissions_of
from consent.services.entries import MEMBER, YES, record_entry
from members.models import Member

Action = ConsentEntry.Action
OBJECTED = Action.OBJECTED
# What an objection is to, each said once for every way.
_TO = (Purpose.MARKETING, Purpose.PROFILING)


class ObjectionStands(ValueError):
    """Raised for a yes to what the member objects to; the objection is lifted first."""


def object_to_marketing(
    *,
    member: Member,
    source: str,
    evidence: dict[str, Any],
    actor: str = MEMBER,
    at: datetime | None = None,
    now: datetime,
) -> list[ConsentEntry]:
    """Stop all direct marketing and its profiling; return what was written.

    Every yes to marketing is withdrawn, and profile values are deleted, also when the
    objection stood already. `at` is when the member said so, `now` unless given.
    """
    at = at or now
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        profile.forget(member)
        said = permissions_of(member)
        acts = [
            # Never before the yes that it takes back.
            (entry.purpose, entry.channel, Action.WITHDRAWN, max(at, entry.at))
            for entry in said.values()
            if entry.purpose == Purpose.MARKETING and entry.action in YES
        ]
        for purpose in _TO:
            latest = said.get((purpose, Channel.ANY))
            if latest is None or latest.action != OBJECTED:
                said_at = max(at, latest.at) if latest else at
                acts.append((purpose, Channel.ANY, OBJECTED, said_at))
        return [
            record_entry(
                member=member,
                purpose=purpose,
                channel=channel,
                action=action,
                at=said_at,
                source=source,
                actor=actor,
                evidence=evidence,
                now=now,
            )
            for purpose, channel, action, said_at in acts
        ]


def lift_objection(
    *, member: Member, source: str, evidence: dict[str, Any], now: datetime
) -> list[ConsentEntry]:
    """Take an objection back, by the member alone; return what was written.

    Nothing is allowed by it: the member may say yes again from then on.
    """
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        said = permissions_of(member)
        return [
            record_entry(
                member=member,
                purpose=purpose,
                channel=Channel.ANY,
                action=Action.LIFTED,
                at=now,
                source=source,
                actor=MEMBER,
                evidence=evidence,
                now=now,
            )
            for purpose in _TO
            for latest in [said.get((purpose, Channel.ANY))]
            if latest is not None and latest.action == OBJECTED
        ]


def refuse_objected(member: Member, purpose: str) -> None:
    """Let a yes pass only where no objection stands against it.

    Raises:
        ObjectionStands: the member objects to marketing, or to its profiling.
    """
    if purpose not in _TO:
        return
    for against in {Purpose.MARKETING, Purpose(purpose)}:
        latest = find_permission(member, purpose=against, channel=Channel.ANY)
        if latest is not None and latest.action == OBJECTED:
            message = f"an objection to {against} stands"
            raise ObjectionStands(message)
