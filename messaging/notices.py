"""Service notices: which events tell the member something, and in which words.

Low rooms never send; they record an event, and this follows the log.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from consent.models import Channel
from members import events
from members.models import Event, Member
from messaging.models import Message
from messaging.services import queue_message

CONSUMER = "messaging.notices"
# News of long ago (an import, a worker that stood still) would only confuse.
STALE_AFTER = timedelta(days=2)

Context = Callable[[Event, Member], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent when something of a kind has happened."""

    template: str
    channels: tuple[Channel, ...]
    context: Context


def _about_member(_event: Event, member: Member) -> dict[str, Any]:
    return {"first_name": member.first_name, "number": member.number}


_notices: dict[str, Notice] = {}


def register(
    event_kind: str,
    template_kind: str,
    *,
    channels: tuple[Channel, ...] = (Channel.SMS, Channel.EMAIL),
    context: Context = _about_member,
) -> None:
    """Send a kind of message on each channel that reaches the member.

    Raises:
        ValueError: the kind of event has a notice already.
    """
    if event_kind in _notices:
        message = f"{event_kind} has two notices"
        raise ValueError(message)
    _notices[event_kind] = Notice(template_kind, channels, context)


def follow(*, now: datetime, limit: int = 500) -> int:
    """Queue the notices of the next events; return how many events were read."""
    return events.consume(CONSUMER, partial(_handle, now=now), now=now, limit=limit)


def key_of(event_id: UUID, channel: Channel) -> str:
    """Return the key by which the notice of an event is queued once on a channel."""
    return f"notice:{event_id}:{channel}"


def _handle(batch: Iterable[Event], *, now: datetime) -> None:
    due = [
        event
        for event in batch
        if event.kind in _notices
        and event.recorded_at > now - STALE_AFTER
        # When it happened counts too: imports record old things now.
        and event.at > now - STALE_AFTER
        # What an import takes over is news to nobody, whatever its date.
        and event.data.get("source") != "IMPORT"
    ]
    members = Member.objects.select_related("programme").in_bulk(
        {event.member_id for event in due}
    )
    for event in due:
        _queue(event, members[event.member_id], now)


def _queue(event: Event, member: Member, now: datetime) -> None:
    notice = _notices[event.kind]
    for channel in notice.channels:
        address = member.phone if channel is Channel.SMS else member.email
        if not address:
            continue
        queue_message(
            programme=member.programme,
            member=member,
            channel=channel,
            message_class=Message.Class.SERVICE,
            kind=notice.template,
            language=member.language,
            address=address,
            context=notice.context(event, member),
            dedupe_key=key_of(event.public_id, channel),
            now=now,
        )
