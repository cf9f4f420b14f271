"""Points that the club gives or takes by hand, with what somebody wrote about it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from members.models import Member
from points import rules
from points.models import Entry, EntryNote
from points.selectors import find_rule
from points.services import KeyReused, post


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The entry, and whether it was there already."""

    entry: Entry
    is_replay: bool


def adjust(
    *, member: Member, points: int, note: str, key: str, now: datetime
) -> Adjusted:
    """Add points, or take them when below zero; a repeated key posts nothing.

    What is added lapses as what is earned now, by the version in force. `key` is the
    caller's and may be of any length. The note goes when the member is erased.

    Raises:
        InsufficientPoints: there are fewer points to use than would be taken.
        MemberMerged: the member was merged into another one.
        KeyReused: the key was used for another amount or note.
    """
    rule = find_rule(programme_id=member.programme_id, at=now) if points > 0 else None
    with transaction.atomic():
        posted = post(
            member_id=member.pk,
            kind=Entry.Kind.ADJUST,
            points=points,
            key=_key(key),
            at=now,
            now=now,
            rule_id=rule.id if rule else None,
            expires_at=rules.expires_at(now, rule, member.programme.zone)
            if rule
            else None,
        )
        entry = Entry.objects.select_related("rule", "lot", "note").get(
            pk=posted.entry_id
        )
        if not posted.is_replay:
            entry.note = EntryNote.objects.create(entry=entry, text=note)
    if posted.is_replay and _said(entry) != note:
        raise KeyReused(key)
    return Adjusted(entry, posted.is_replay)


def _key(key: str) -> str:
    # A caller's may be longer than the ledger's.
    return f"api:{hashlib.sha256(key.encode()).hexdigest()}"


def _said(entry: Entry) -> str:
    note = getattr(entry, "note", None)
    return note.text if note else ""
