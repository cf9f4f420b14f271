"""Taking in what other systems say that members did."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from members import events
from members.models import Member
from points.actions import kinds
from points.models import CustomEvent

# Waits for whoever sends the same event beside us, and then gives way to it.
_CLAIM = """
INSERT INTO points_customevent
    (programme_id, name, external_id, member_id, event_id, at, body_hash, received_at)
VALUES (%s, %s, %s, %s, gen_random_uuid(), %s, %s, %s)
ON CONFLICT (programme_id, name, external_id) DO NOTHING
RETURNING id, event_id
"""


class EventIdReused(Exception):
    """Raised when a name and id were sent before with something else."""


@dataclass(frozen=True, slots=True)
class Received:
    """An event of another system: the timeline's id of it, whose, and if it is new."""

    event_id: UUID
    member_id: UUID
    is_new: bool


def receive(
    *,
    member: Member,
    name: str,
    external_id: str,
    at: datetime,
    body_hash: bytes,
    now: datetime,
) -> Received:
    """Write an event on a member's timeline, once for its name and id.

    Points follow when the timeline is read, within a minute.

    Raises:
        EventIdReused: the same name and id came before with another body.
    """
    with transaction.atomic():
        claimed = _claim(
            [member.programme_id, name, external_id, member.pk, at, body_hash, now]
        )
        if claimed is None:
            return _known(member, name, external_id, body_hash)
        row_id, _placeholder = claimed
        event = events.record(
            member_id=member.pk,
            kind=f"{kinds.CUSTOM}{name}",
            at=at,
            now=now,
            subject_type="customevent",
        )
        CustomEvent.objects.filter(pk=row_id).update(event_id=event.public_id)
    return Received(event.public_id, member.public_id, is_new=True)


def _claim(values: list[Any]) -> tuple[int, UUID] | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        found: tuple[int, UUID] | None = cursor.fetchone()
    return found


def _known(member: Member, name: str, external_id: str, body_hash: bytes) -> Received:
    known = CustomEvent.objects.select_related("member").get(
        programme_id=member.programme_id, name=name, external_id=external_id
    )
    if bytes(known.body_hash) != body_hash:
        raise EventIdReused
    return Received(known.event_id, known.member.public_id, is_new=False)
