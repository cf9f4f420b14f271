"""The outbox: every message before, during and after it is sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from consent.models import Channel
from members.models import Member
from stores.models import Programme


class Message(models.Model):
    """One message to one person on one channel.

    Personal data: address and text. Bodies of one-time codes are blanked after a day
    (see messaging.privacy).
    """

    class Class(models.TextChoices):
        CODE = "CODE", _("One-time code or link")
        SERVICE = "SERVICE", _("Service")
        MARKETING = "MARKETING", _("Marketing")
        SURVEY = "SURVEY", _("Survey")

    class State(models.TextChoices):
        NEW = "NEW", _("Waiting")
        CLAIMED = "CLAIMED", _("Being sent")
        SENT = "SENT", _("Sent")
        STOPPED = "STOPPED", _("Stopped")
        FAILED = "FAILED", _("Failed")
        # Claimed, then the worker died: perhaps sent, perhaps not.
        UNKNOWN = "UNKNOWN", _("Unknown")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="messages"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="messages", null=True
    )
    channel = models.CharField(max_length=8, choices=Channel.choices)
    message_class = models.CharField(max_length=10, choices=Class.choices)
    # Which template made it, such as join_link.
    kind = models.CharField(max_length=48)
    language = models.CharField(max_length=2)
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    # Asked for on a public page, so perhaps by somebody who earns on it.
    is_to_stranger = models.BooleanField(default=False, db_default=False)
    # A second queueing with the same key changes nothing.
    dedupe_key = models.CharField(max_length=128, unique=True)

    # STATE
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    queued_at = models.DateTimeField()
    send_after = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=120, blank=True)
    # The gate's answer: reason code, and the permission that allowed it.
    gate = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["send_after", "id"],
                condition=Q(state="NEW"),
                name="message_due",
            ),
            models.Index(
                fields=["claimed_at"],
                condition=Q(state="CLAIMED"),
                name="message_claimed",
            ),
            models.Index(fields=["member", "-queued_at"], name="message_member"),
            models.Index(fields=["-queued_at"], name="message_newest_first"),
            models.Index(
                fields=["programme", "-queued_at"],
                condition=Q(is_to_stranger=True),
                name="message_to_strangers",
            ),
            # What is to be emptied after its time: see messaging.retention.
            models.Index(
                fields=["programme", "queued_at"],
                condition=Q(message_class="CODE") & ~Q(body=""),
                name="message_codes_to_empty",
            ),
            models.Index(
                fields=["programme", "queued_at"],
                condition=~Q(address=""),
                name="message_texts_to_empty",
            ),
            models.Index(
                fields=["programme", "-queued_at"],
                condition=Q(state="STOPPED"),
                name="message_stopped",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
