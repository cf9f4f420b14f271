"""Queue messages: written, asked at the gate, and kept before anything is sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from common.ids import uuid7
from consent.gate import may_send
from consent.models import Channel
from members.models import Member
from messaging import limits, sms, templates, wake
from messaging.delivery import (
    defer,
    gate_note,
    is_address_of,
    purpose_of,
    send_due,
)
from messaging.limits import SmsRefused
from messaging.models import Message
from stores.models import Programme

__all__ = ["SmsRefused", "queue_message", "send_due"]


def queue_message(
    *,
    programme: Programme,
    member: Member | None,
    channel: str,
    message_class: str,
    kind: str,
    language: str,
    address: str,
    context: Mapping[str, Any],
    dedupe_key: str,
    now: datetime,
    expires_at: datetime | None = None,
    is_to_stranger: bool = False,
    public_id: UUID | None = None,
) -> Message:
    """Put a message into the outbox; a worker sends it once this is committed.

    The second call with a key returns the first one's message. What the gate does not
    allow is kept as stopped, with the reason. `is_to_stranger` is for codes and links
    that somebody asked for on a public page, for a number that nobody has proven.
    `public_id` is for a text with a link that names its own message.

    Raises:
        SmsRefused: a code or link would go by SMS to a number that gets none, or none
            now.
        LookupError: there is no such kind of message.
        FieldsMissing: the context lacks something that the text needs.
    """
    first = Message.objects.filter(dedupe_key=dedupe_key).first()
    if first is not None:
        return first
    language = templates.language_for(language)
    written = templates.write(
        kind=kind,
        channel=channel,
        language=language,
        programme=programme,
        context=context,
        now=now,
        expires_at=expires_at,
    )
    message = Message(
        programme=programme,
        member=member,
        channel=channel,
        message_class=message_class,
        kind=kind,
        language=language,
        address=address,
        subject=written.subject,
        body=written.body,
        dedupe_key=dedupe_key,
        queued_at=now,
        send_after=now,
        expires_at=expires_at,
        is_to_stranger=is_to_stranger,
        public_id=public_id or uuid7(),
    )
    _ask_gate(message, now)
    try:
        # A savepoint: what lost the race also gives back what it took from the limits.
        with transaction.atomic():
            if message.state == Message.State.NEW:
                _refuse_costly(message, now)
            message.save(force_insert=True)
            if message.state == Message.State.NEW:
                wake.ask_on_commit()
    except IntegrityError:
        return Message.objects.get(dedupe_key=dedupe_key)
    return message


def _ask_gate(message: Message, now: datetime) -> None:
    decision = may_send(
        member=message.member,
        channel=message.channel,
        message_class=message.message_class,
        purpose=purpose_of(message),
        now=now,
    )
    message.gate = gate_note(decision)
    if not decision.allowed and not defer(message, decision):
        _stop(message, decision.code)
    elif _is_foreign(message):
        _stop(message, "not_their_address")


def _is_foreign(message: Message) -> bool:
    """Tell whether a message goes where the member is not known to be.

    Codes may: they prove a number that is not the member's yet.
    """
    if message.message_class == Message.Class.CODE or message.member is None:
        return False
    return not is_address_of(message, message.member)


def _refuse_costly(message: Message, now: datetime) -> None:
    """Hold SMS to the numbers they may go to, and strangers' ones to their limits."""
    if message.channel != Channel.SMS:
        return
    is_code = message.message_class == Message.Class.CODE
    try:
        limits.refuse_number(message.programme, message.address)
    except SmsRefused as refused:
        # Whoever asks for a code waits for the answer; for the rest the row tells why.
        if is_code:
            raise
        _stop(message, refused.code)
    if is_code:
        limits.take(
            message.programme,
            message.address,
            parts=sms.size_of(message.body).segments,
            is_to_stranger=message.is_to_stranger,
            now=now,
        )


def _stop(message: Message, why: str) -> None:
    message.state = Message.State.STOPPED
    message.error = why
