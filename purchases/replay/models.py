"""A replay and the parts it is worked off in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from points.models import EarningRule
from stores.models import Programme, Staff


class Replay(models.Model):
    """What a draft would have given for the receipts of some months.

    Holds sums and nothing of a single member. Personal data of staff: who asked.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        CANCELLED = "CANCELLED", _("Cancelled")
        FAILED = "FAILED", _("Failed")

    class Failure(models.TextChoices):
        STOPPED = "stopped", _("It stopped several times on its way.")
        UNREADABLE = "unreadable", _("The draft has terms that cannot be read.")
        GONE = "gone", _("The draft was changed or deleted while it ran.")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The version that is tried, which goes with its replays when a draft is thrown
    # away, and what it said then: a draft that says something else is another one.
    rule = models.ForeignKey(EarningRule, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32)
    # The version in force, beside which it stands; none before the first one.
    beside = models.ForeignKey(
        EarningRule,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
    )
    # The first days of the first month and of the one after the last.
    from_month = models.DateField()
    until_month = models.DateField()
    # Share of points that will be used, in percent, as assumed on the day; null: all.
    used_share = models.DecimalField(max_digits=5, decimal_places=2, null=True)

    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    # Receipts; how many there are is known when the parts are made.
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    failure = models.CharField(
        max_length=16, choices=Failure.choices, blank=True, db_default=""
    )
    result = models.JSONField(default=dict)

    started_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True, db_index=False
    )
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme"],
                condition=Q(state__in=["WAITING", "RUNNING"]),
                name="replay_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(from_month__lt=models.F("until_month"))
                & Q(from_month__day=1, until_month__day=1),
                name="replay_is_of_whole_months",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "-asked_at"], name="replay_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.state}"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.state not in {self.State.WAITING, self.State.RUNNING}


class ReplayPart(models.Model):
    """Some members of a replay, by a range of inner keys; gone when it is over.

    A worker holds the row while it works, so that a part whose worker died is free at
    once. Holds sums, no personal data.
    """

    replay = models.ForeignKey(
        Replay, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField()
    # Members from the first key up to before the other.
    first_member = models.BigIntegerField()
    after_member = models.BigIntegerField()
    receipts = models.BigIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sums = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["replay", "number"], name="replaypart_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.replay_id}/{self.number}"
