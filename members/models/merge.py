"""Two memberships of one person: found, looked at, made one, and taken apart again."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models.member import Member
from stores.models import Programme, Staff


class Merge(models.Model):
    """One member taken into another, with what it takes to undo it.

    Personal data: `before` and `after` hold details of both; they are emptied when the
    merge can no longer be undone.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="merges_kept"
    )
    merged = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="merges_merged"
    )
    at = models.DateTimeField()
    # Who did it; nobody when the member's own proof did.
    staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    reason = models.CharField(max_length=200, blank=True)
    # Details of both as they were, and as the merge left them.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # What was handed on: ids of rows by the label of their model.
    moved = models.JSONField(default=dict)
    # What handlers of the rooms want to remember for the undoing.
    notes = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    # When it could no longer be undone and the details of before were emptied.
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merged"],
                condition=Q(undone_at__isnull=True),
                name="merge_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(kept=F("merged")), name="merge_of_two_members"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(sealed_at__isnull=True),
                name="merge_undone_or_sealed",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "-at"], name="merge_newest_first"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class DuplicatePair(models.Model):
    """Two members who look like one person, until somebody decides.

    Personal data: ties two members together.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("To be looked at")
        DISMISSED = "DISMISSED", _("Two people")
        MERGED = "MERGED", _("Merged")
        # One of them changed, left or was erased, and they look alike no more.
        GONE = "GONE", _("No longer alike")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    # The one with the lower key first, so that a pair is there once.
    first = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    # Which likenesses were found: codes of members.likeness.
    reasons = models.JSONField(default=list)
    # How likely it is one person, in percent: see `members.likeness.compare`.
    score = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"], name="duplicatepair_once"
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicatepair_lower_first"
            ),
        ]
        indexes = [
            models.Index(
                fields=["programme", "-score", "-found_at", "-id"],
                condition=Q(state="OPEN"),
                name="duplicatepair_open",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
