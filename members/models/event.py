"""The timeline, which is also the event log."""

from django.db import models

from common.ids import uuid7
from members.models.member import Member


class CurrentTransaction(models.Func):
    """The id of the transaction that is writing, as a 64-bit number."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """One thing that happened to a member: the timeline, and what consumers read.

    `data` holds ids and amounts, never contact details. Written once; a trigger
    refuses UPDATE, but for handing it on when members are merged. Rows go when the
    member is erased.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # Without an index of its own: `event_member_at` finds by member too.
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    kind = models.CharField(max_length=48)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    # What it is about in the room that recorded it (a receipt, a message, ...).
    subject_type = models.CharField(max_length=32, blank=True)
    subject_id = models.UUIDField(null=True)
    # The transaction that wrote the row (filled by the database): the order that
    # consumers read in, since ids are given before a transaction commits.
    # See decision 0005.
    xact = models.BigIntegerField(editable=False, db_default=CurrentTransaction())

    class Meta:
        indexes = [
            models.Index(fields=["member", "-at", "-id"], name="event_member_at"),
            models.Index(fields=["xact", "id"], name="event_cursor_order"),
        ]

    def __str__(self) -> str:
        return self.kind


class EventCursor(models.Model):
    """How far one consumer has read the event log. Holds no personal data."""

    name = models.CharField(max_length=64, primary_key=True)
    xact = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
