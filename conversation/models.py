"""Conversations by text, and every message that came in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from conversation.rules import State
from members.models import Member
from messaging.models import Message
from stores.models import Programme


class Conversation(models.Model):
    """What was asked of one address and answered from it; one row for each address.

    Personal data: the address, and what was answered while a conversation is open.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Whom it is about, once that is known.
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="conversations", null=True
    )
    # The name of the channel's line: see conversation.channels.
    channel = models.CharField(max_length=16)
    address_index = models.BinaryField(max_length=32)
    address = models.CharField(max_length=64)
    language = models.CharField(max_length=2)

    # WHERE IT STANDS
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.value) for state in State],
        default=State.IDLE.value,
    )
    # What was answered so far, the texts that were sent, and which message said what.
    context = models.JSONField(default=dict)
    # The question that was asked last, and when a channel without an outbox asked it.
    question = models.ForeignKey(
        Message, on_delete=models.SET_NULL, related_name="+", null=True, db_index=False
    )
    asked_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    # A STOP is confirmed once, until something else is written.
    stop_confirmed_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "channel", "address_index"],
                name="conversation_once_per_address",
            ),
            models.CheckConstraint(
                condition=Q(state="IDLE", expires_at__isnull=True)
                | ~Q(state="IDLE") & Q(expires_at__isnull=False),
                name="conversation_open_expires",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
                name="conversation_expires",
            ),
            models.Index(fields=["heard_at"], name="conversation_heard"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class InboundMessage(models.Model):
    """A message that came in, and what became of it.

    Personal data: the address and the text, which are emptied after 30 days. That a
    message came, and when, stays: it is the proof of a yes.
    """

    class Outcome(models.TextChoices):
        HEARD = "HEARD", _("Answered")
        # Understood, but our answer would have been one too many.
        UNANSWERED = "UNANSWERED", _("Not answered")
        LATE = "LATE", _("Came too late")
        NO_ADDRESS = "NO_ADDRESS", _("Nobody to answer")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, related_name="messages", null=True
    )
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, related_name="inbound_messages", null=True
    )
    provider = models.CharField(max_length=16)
    provider_id = models.CharField(max_length=128)
    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=64, blank=True)
    # Our own number or name, as the provider calls it.
    sent_to = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    received_at = models.DateTimeField()
    # When it was written, where the provider says so.
    sent_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    blanked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_id"], name="inboundmessage_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=Q(blanked_at__isnull=True),
                name="inboundmessage_to_blank",
            ),
            models.Index(
                fields=["programme", "-received_at"], name="inboundmessage_newest"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
