"""How long things are kept, and the runs that let them go."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member
from stores.models import Programme, Staff


class RetentionPeriod(models.Model):
    """A club's own period for a kind of data; without one the country's default holds.

    Holds no personal data.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    # The key under which a room registered it.
    kind = models.CharField(max_length=40)
    days = models.PositiveIntegerField(_("days"))
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "kind"], name="retentionperiod_once"
            ),
            models.CheckConstraint(
                condition=Q(days__gte=1), name="retentionperiod_is_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.days}"


class RetentionRun(models.Model):
    """One night's letting go, or the dry run that tells what it would let go.

    Holds no personal data: counts only.
    """

    class State(models.TextChoices):
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        # Something is far more than usual: a person looks at it first.
        HELD = "HELD", _("Waits for a person")
        FAILED = "FAILED", _("Stopped")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="retention_runs"
    )
    is_dry = models.BooleanField()
    state = models.CharField(max_length=7, choices=State.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # Null where the nightly job ran it.
    started_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    error = models.CharField(max_length=200, blank=True, default="")
    # How many silent members will be told and erased in the coming months.
    forecast = models.JSONField(default=dict, db_default={})

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "is_dry"],
                condition=Q(state="RUNNING"),
                name="retentionrun_one_at_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["programme", "-started_at"], name="retentionrun_latest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at}"


class RetentionCount(models.Model):
    """What a run found past its time, of one kind of data, and what it let go."""

    run = models.ForeignKey(
        RetentionRun, on_delete=models.CASCADE, related_name="counts"
    )
    kind = models.CharField(max_length=40)
    days = models.PositiveIntegerField()
    before = models.DateTimeField()
    found = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    # Null while there is more to let go.
    ended_at = models.DateTimeField(null=True)
    # Far more than usual; goes on when somebody has looked at it.
    is_held = models.BooleanField(default=False, db_default=False)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "kind"], name="retentioncount_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.found}"


class InactivityNotice(models.Model):
    """That a long silent member was told that the membership will end.

    Personal data: when a member was last here, and what they were told.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # Which of the three: after 22, 23 and 24 months unless the club has set another
    # period.
    step = models.PositiveSmallIntegerField()
    last_active_at = models.DateTimeField()
    # The event that the message follows from.
    event_id = models.UUIDField(unique=True)
    asked_at = models.DateTimeField()
    # When a message has left; null while none has.
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Rows go when the member is heard of, so there is one silence at a time.
            models.UniqueConstraint(
                fields=["member", "step"], name="inactivitynotice_once_a_silence"
            ),
            models.CheckConstraint(
                condition=Q(step__in=[1, 2, 3]), name="inactivitynotice_is_of_three"
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(told_at__isnull=True),
                name="inactivitynotice_not_told",
            )
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.step}"
