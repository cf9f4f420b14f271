"""Take in what people write, once each."""

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction

from common import blind
from conversation.channels import AddressInvalid, Inbound, Line, line_of
from conversation.models import Conversation, InboundMessage
from conversation.turns import CLOSED, Turn
from conversation.words import LONGEST_TEXT
from members.selectors import find_by_phone
from stores.models import Programme

_LONGEST_ID = 128
_LONGEST_ADDRESS = 64


def receive(*, programme: Programme, inbound: Inbound, now: datetime) -> InboundMessage:
    """Take in one message and answer it; delivered again, it changes nothing.

    One transaction: a message is kept with all that follows from it, or not at all.

    Raises:
        LookupError: there is no such channel.
    """
    line = line_of(inbound.channel)
    with transaction.atomic():
        message, is_new = _keep(programme, inbound, now)
        if is_new:
            _handle(message, line, inbound, now)
    return message


def close_lapsed(*, now: datetime) -> int:
    """End conversations nobody goes on with; return how many."""
    return Conversation.objects.filter(expires_at__lte=now).update(**CLOSED)


def _keep(
    programme: Programme, inbound: Inbound, now: datetime
) -> tuple[InboundMessage, bool]:
    """Store a message; return it, and whether this is its first delivery."""
    provider_id = _clean(inbound.provider_id)
    if len(provider_id) > _LONGEST_ID:
        provider_id = hashlib.sha256(provider_id.encode()).hexdigest()
    message = InboundMessage(
        programme=programme,
        provider=inbound.provider,
        provider_id=provider_id,
        channel=inbound.channel,
        address=_clean(inbound.sender)[:_LONGEST_ADDRESS],
        sent_to=_clean(inbound.to)[:_LONGEST_ADDRESS],
        text=_clean(inbound.text)[:LONGEST_TEXT],
        received_at=now,
        sent_at=inbound.sent_at,
    )
    try:
        # A second delivery waits here until the first one is committed.
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        known = InboundMessage.objects.get(
            provider=inbound.provider, provider_id=provider_id
        )
        return known, False
    return message, True


def _clean(text: str) -> str:
    # PostgreSQL keeps no NUL, and UTF-8 no half of a pair of surrogates.
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _handle(
    message: InboundMessage, line: Line, inbound: Inbound, now: datetime
) -> None:
    programme = message.programme
    try:
        address = line.address_of(inbound.sender, programme)
    except AddressInvalid:
        message.outcome = InboundMessage.Outcome.NO_ADDRESS
    else:
        message.address = address
        message.conversation = _locked(programme, line, address, now)
        message.member = find_by_phone(
            programme=programme, phone=line.phone_of(address)
        )
        Turn(
            message,
            message.conversation,
            line=line,
            address=address,
            soonest=inbound.soonest,
            now=now,
        ).take()
    message.handled_at = now
    message.save()


def _locked(
    programme: Programme, line: Line, address: str, now: datetime
) -> Conversation:
    """Return the address's conversation, with its row locked: one text at a time."""
    index = blind.index(f"conversation.{line.name}", address)
    conversation, _is_new = Conversation.objects.get_or_create(
        programme=programme,
        channel=line.name,
        address_index=index,
        defaults={
            "address": address,
            "language": programme.language,
            "heard_at": now,
        },
    )
    # Without a join: whoever waited for the lock would see the row as it is now, and
    # beside it the question of before.
    return Conversation.objects.select_for_update().get(pk=conversation.pk)
