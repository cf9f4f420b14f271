"""Levels of the ladder: who had which, when and why, and what a night's review did."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member
from points.models.versions import EarningRule
from stores.models import Programme, Staff


class TierPeriod(models.Model):
    """A member had a tier from one moment to another; null is until further notice.

    The periods of a member never overlap (`tierperiod_no_overlap`, in SQL). Who never
    rose has none, and the lowest tier. Written by the SQL functions of points/0012.
    Personal data: worked out from how much somebody buys.
    """

    class Cause(models.TextChoices):
        REACHED = "REACHED", _("Reached")
        KEPT = "KEPT", _("Kept")
        LANDED = "LANDED", _("Not earned again")
        GRANTED = "GRANTED", _("Granted by the club")
        ENDED = "ENDED", _("The granted time is over")
        MOVED = "MOVED", _("The club's tiers changed")
        MERGED = "MERGED", _("Came with another membership")
        PARTED = "PARTED", _("Two memberships were parted again")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # The tier, as the ladder of `rule` names it, and its place there: the lowest is 0.
    key = models.CharField(max_length=40)
    rank = models.PositiveSmallIntegerField()
    rule = models.ForeignKey(
        EarningRule, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    # The last day before its review, in the programme's zone; null for the lowest tier,
    # which nobody can lose.
    holds_until = models.DateField(null=True)
    cause = models.CharField(max_length=8, choices=Cause.choices)
    # What was counted when it was decided, in the ladder's measure, and of which days.
    measured = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    counted_from = models.DateField(null=True)
    counted_to = models.DateField(null=True)

    # GRANTED: what the member has without the grant, and gets back when it is over.
    below_key = models.CharField(max_length=40, blank=True, db_default="")
    below_until = models.DateField(null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True, db_default="")
    granted_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "starts_at"], name="tierperiod_one_start_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="tierperiod_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(rank=0) | Q(holds_until__isnull=False),
                name="tierperiod_above_the_lowest_has_a_review",
            ),
            models.CheckConstraint(
                condition=~Q(cause="GRANTED")
                | Q(holds_until__isnull=False) & ~Q(below_key="") & ~Q(reason=""),
                name="tierperiod_grant_has_end_and_reason",
            ),
        ]
        indexes = [
            # Who has a tier, and whose review comes first.
            models.Index(
                fields=["key", "holds_until", "member"],
                condition=Q(ends_at__isnull=True),
                name="tierperiod_open_by_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.cause}"


class TierRun(models.Model):
    """One night's review of all members of a club, and how they stood after it.

    Holds no personal data of members; members to look at are in `TierOutlook`.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    # The day in the programme's zone.
    on = models.DateField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reached = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    # By key: how many members have the tier, are near it, and will lose it.
    figures = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "on"], name="tierrun_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.on}"


class TierOutlook(models.Model):
    """A member who was near a tier, or about to lose theirs, when a night was reviewed.

    Only some of each tier, the nearest first: they are there to be looked at. Personal
    data: worked out from how much somebody buys.
    """

    class Kind(models.TextChoices):
        NEAR = "NEAR", _("Near the next tier")
        LANDING = "LANDING", _("About to lose the tier")

    run = models.ForeignKey(
        TierRun, on_delete=models.CASCADE, related_name="outlook", db_index=False
    )
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # The tier they are near to, or about to lose; what was missing, and by when.
    key = models.CharField(max_length=40)
    missing = models.DecimalField(max_digits=14, decimal_places=2)
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind", "key", "member"],
                name="tieroutlook_once_a_night",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.missing}"
