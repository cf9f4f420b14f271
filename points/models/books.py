"""What keeps the books: closed months, the assumption on breakage, the proofs."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from stores.models import Programme, Staff


class ClosedMonth(models.Model):
    """A month whose books are closed: nothing is booked in it any more (a trigger).

    What belongs to it and comes later is booked in an open month, with its own day of
    business. Holds no personal data of members.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    # Its first day.
    month = models.DateField(_("month"))
    # The first moment after it, in the programme's zone: the trigger compares with it.
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    # What stood in the books when they were closed, as `points.liability` counts it.
    issued = models.BigIntegerField()
    used = models.BigIntegerField()
    expired = models.BigIntegerField()
    outstanding = models.BigIntegerField()
    liability = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "month"], name="closedmonth_once"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1), name="closedmonth_is_a_first_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class BreakageAssumption(models.Model):
    """How much of what is earned will ever be used: dated, with its ground.

    IFRS 15 B39-B42 lets the part that will lapse be left out of the liability, as far
    as there is ground for it. Holds no personal data of members.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField(_("valid from"))
    used_share = models.DecimalField(
        _("share that will be used, percent"), max_digits=5, decimal_places=2
    )
    because = models.TextField(_("ground"))
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "valid_from"], name="breakageassumption_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(used_share__gt=0) & Q(used_share__lte=Decimal(100)),
                name="breakageassumption_is_a_share",
            ),
            models.CheckConstraint(
                condition=~Q(because=""), name="breakageassumption_has_its_ground"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from} {self.used_share}"


class ProofRun(models.Model):
    """One proof of the ledger: what it looked at, and what differed.

    Names members by their inner keys only, and only those that differ.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    members = models.BigIntegerField()
    entries = models.BigIntegerField()
    points = models.BigIntegerField()
    differences = models.PositiveIntegerField()
    # Of each law that was broken: how often, and the first rows.
    details = models.JSONField(default=list)
    # Null where the nightly job ran it.
    started_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="proofrun_latest")]

    def __str__(self) -> str:
        return f"{self.started_at} {self.differences}"
