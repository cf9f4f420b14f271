"""How long what people wrote is kept, and for how long that they wrote."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consent.models import Erasure
from consent.registry import Retention
from consent.retention import activity
from consent.retention.kinds import Due, register
from conversation.models import Conversation, InboundMessage


def register_all() -> None:
    """Register the kinds; called once, when the room is ready."""
    register(
        "inbound-texts",
        title=_("What people wrote to the club"),
        does=_("Text and number are emptied; that a message came, and when, stays."),
        why=_("Needed while people may still ask about the conversation."),
        days=30,
        least=7,
        most=90,
        model=InboundMessage,
        count=lambda due: _texts(due).count(),
        prune=empty_texts,
        keeps={InboundMessage: Retention.MONTH},
        order=40,
    )
    register(
        "conversations",
        title=_("Conversations that are over"),
        does=_("The conversation is deleted."),
        why=_("Needed while people may still ask about the conversation."),
        days=30,
        least=7,
        most=90,
        model=Conversation,
        count=lambda due: _silent(due).count(),
        prune=drop_silent,
        keeps={Conversation: Retention.MONTH},
        order=41,
    )
    register(
        "inbound-proof",
        title=_("That somebody wrote to the club"),
        does=_("The row is deleted, of members long erased and of nobody's."),
        why=_("Proof of a yes that was given by text (GDPR art. 7(1))."),
        days=730,
        least=395,
        most=1825,
        model=InboundMessage,
        count=lambda due: _unneeded(due).count(),
        prune=_drop_unneeded,
        keeps={InboundMessage: Retention.PROOF},
        order=42,
    )
    activity.register(
        "conversation",
        title=_("Messages to the club"),
        newest=(
            "(SELECT max(i.received_at) FROM conversation_inboundmessage i"
            " WHERE i.member_id = m.id)"
        ),
        order=70,
    )


def empty_texts(due: Due, limit: int) -> int:
    """Empty what was written, of at most so many messages."""
    some = _texts(due).values("pk")[:limit]
    return InboundMessage.objects.filter(pk__in=some).update(
        text="", address="", blanked_at=due.now
    )


def drop_silent(due: Due, limit: int) -> int:
    """Delete conversations that nobody goes on with, at most so many."""
    some = list(_silent(due).values_list("pk", flat=True)[:limit])
    Conversation.objects.filter(pk__in=some).delete()
    return len(some)


def _texts(due: Due) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(
        programme=due.programme, received_at__lt=due.before, blanked_at=None
    )


def _silent(due: Due) -> QuerySet[Conversation]:
    return Conversation.objects.filter(
        programme=due.programme, heard_at__lt=due.before, expires_at=None
    )


def _unneeded(due: Due) -> QuerySet[InboundMessage]:
    long_gone = Erasure.objects.filter(
        member_id=OuterRef("member__public_id"), at__lt=due.before
    )
    return InboundMessage.objects.filter(
        Q(member=None) | Exists(long_gone),
        programme=due.programme,
        received_at__lt=due.before,
    )


def _drop_unneeded(due: Due, limit: int) -> int:
    some = list(_unneeded(due).values_list("pk", flat=True)[:limit])
    InboundMessage.objects.filter(pk__in=some).delete()
    return len(some)
