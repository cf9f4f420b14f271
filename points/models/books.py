"""What keeps the books: closed months, the assumption on breakage, the proofs."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from stores.models import Programme, Staff


class ClosedMonth(models.Model):
    """A month whose books are closed: nothing is booked in it any more (a trigger).

    What belongs to it and comes later is booked on the day it comes, with its own day
    of business (`points.books.booking`). Holds no personal data of members.
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
    # The last use of points of before; later ones are not this month's.
    uses_until = models.BigIntegerField(default=0, db_default=0)
    # What stood in the books, as `points.books.liability` counts it: written down once,
    # after the month is closed. In money all that is owed, open vouchers too.
    issued = models.BigIntegerField(null=True)
    used = models.BigIntegerField(null=True)
    expired = models.BigIntegerField(null=True)
    outstanding = models.BigIntegerField(null=True)
    liability = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    # The same in full, as `points.books.figures` writes it.
    figures = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "month"], name="closedmonth_once"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1), name="closedmonth_is_a_first_day"
            ),
            models.CheckConstraint(
                condition=Q(figures__isnull=True) | Q(liability__isnull=False),
                name="closedmonth_counted_as_a_whole",
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
    """One proof of a club's ledger: what it looked at, and what differed.

    Without an end while it waits or runs. Names members by their inner keys alone, and
    only those that differ.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # Null for proofs of all clubs together, from when they were not told apart: no
    # club is shown those.
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    members = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    points = models.BigIntegerField(default=0)
    differences = models.PositiveIntegerField(default=0)
    # Of each law that was broken: how often, and the first rows.
    details = models.JSONField(default=list)
    # Null where the nightly job ran it.
    started_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["programme", "-started_at"], name="proofrun_latest_of_club"
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at} {self.differences}"
