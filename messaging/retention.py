"""How long messages are kept: codes a day, texts a year, that they were sent two."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from consent.models import MESSAGE_CHANNELS
from consent.registry import Retention
from consent.retention import inactivity
from consent.retention.kinds import Due, register
from messaging.models import Message
from messaging.notices import key_of

_OVER = [
    Message.State.SENT,
    Message.State.STOPPED,
    Message.State.FAILED,
    Message.State.UNKNOWN,
]


def register_all() -> None:
    """Register the kinds; called once, when the room is ready."""
    register(
        "message-codes",
        title=_("Codes and links that were sent"),
        does=_("The text is emptied; that something was sent stays."),
        why=_("A code is good for minutes; a day is enough to answer who asks."),
        days=1,
        most=7,
        model=Message,
        count=lambda due: _codes(due).count(),
        prune=_empty_codes,
        keeps={Message: Retention.DAY},
        order=30,
        is_routine=True,
    )
    register(
        "message-texts",
        title=_("Texts and addresses of messages"),
        does=_("Text and address are emptied; when and why it was sent stays."),
        why=_("To answer members who ask what they were written."),
        days=365,
        least=30,
        most=730,
        model=Message,
        count=lambda due: _texts(due).count(),
        prune=_empty_texts,
        keeps={Message: Retention.YEAR},
        order=31,
    )
    register(
        "messages",
        title=_("That a message was sent, and what allowed it"),
        does=_("The message is deleted."),
        why=_("Proof that it was allowed, for as long as it is asked for."),
        days=730,
        least=395,
        most=1825,
        model=Message,
        count=lambda due: _old(due).count(),
        prune=_delete,
        keeps={Message: Retention.TWO_YEARS},
        order=32,
    )
    inactivity.register_when_told(when_told)


def when_told(events: Sequence[UUID]) -> Mapping[UUID, datetime]:
    """Say which notices have left on at least one channel, and when first."""
    keys = {
        key_of(event_id, channel): event_id
        for event_id in events
        for channel in MESSAGE_CHANNELS
    }
    sent = Message.objects.filter(
        dedupe_key__in=list(keys), state=Message.State.SENT, sent_at__isnull=False
    ).order_by("-sent_at")
    return {
        keys[key]: at
        for key, at in sent.values_list("dedupe_key", "sent_at")
        if at is not None
    }


def _old(due: Due) -> QuerySet[Message]:
    return Message.objects.filter(
        programme=due.programme, queued_at__lt=due.before, state__in=_OVER
    )


def _texts(due: Due) -> QuerySet[Message]:
    return _old(due).exclude(address="")


def _codes(due: Due) -> QuerySet[Message]:
    return _old(due).filter(message_class=Message.Class.CODE).exclude(body="")


def _empty_codes(due: Due, limit: int) -> int:
    some = _codes(due).values("pk")[:limit]
    return Message.objects.filter(pk__in=some).update(body="")


def _empty_texts(due: Due, limit: int) -> int:
    some = _texts(due).values("pk")[:limit]
    return Message.objects.filter(pk__in=some).update(body="", address="", subject="")


def _delete(due: Due, limit: int) -> int:
    some = list(_old(due).values_list("pk", flat=True)[:limit])
    Message.objects.filter(pk__in=some).delete()
    return len(some)
