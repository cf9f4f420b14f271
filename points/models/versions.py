"""The versions of the programme, as they are stored."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.ids import uuid7
from stores.models import Programme, Staff


class EarningRule(models.Model):
    """A version of how purchases become points and what points are worth.

    A published version never changes (a trigger refuses it); purchases from
    `starts_at` on use it until the next version's `starts_at`. One that has not started
    may be withdrawn; it keeps its number and counts for nothing. No personal data.
    """

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        PUBLISHED = "PUBLISHED", _("Published")
        WITHDRAWN = "WITHDRAWN", pgettext_lazy("version of the programme", "Withdrawn")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="earning_rules"
    )
    version = models.PositiveIntegerField()
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    starts_at = models.DateTimeField(
        help_text=_("Purchases from this moment on earn by this version.")
    )

    # EARNING
    points_per_unit = models.DecimalField(
        max_digits=8,
        decimal_places=4,
        help_text=_(
            "Points for each whole unit of currency paid, such as 1 per krona."
        ),
    )
    excluded_groups = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        help_text=_("Article groups that earn nothing, such as gift cards."),
    )
    expires_after_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=_("Points expire when the month this long after ends; empty: never."),
    )

    # WORTH
    point_value = models.DecimalField(
        max_digits=8,
        decimal_places=4,
        help_text=_("What one point is worth, in the programme's currency."),
    )
    reward_points = models.PositiveIntegerField(
        help_text=_("How many points become one voucher.")
    )

    # Everything else that the version says: see points.terms and reading.
    terms = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    # The desk's own note of what the version is for; members never see it.
    title = models.CharField(max_length=120, blank=True, db_default="")
    written_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changed_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    published_at = models.DateTimeField(null=True)
    # Of worse terms: the day members were told on, and the last day, all of it, on
    # which points become vouchers and are worth as by the better of this version and
    # the one before it.
    told_on = models.DateField(null=True)
    runs_down_until = models.DateField(null=True)
    withdrawn_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "version"], name="earningrule_version_once"
            ),
            models.UniqueConstraint(
                fields=["programme", "starts_at"],
                condition=Q(status="PUBLISHED"),
                name="earningrule_one_start_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(points_per_unit__gt=0, point_value__gt=0)
                & Q(reward_points__gt=0),
                name="earningrule_values_are_positive",
            ),
            models.CheckConstraint(
                condition=Q(status="WITHDRAWN", withdrawn_at__isnull=False)
                | ~Q(status="WITHDRAWN") & Q(withdrawn_at__isnull=True),
                name="earningrule_withdrawn_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} v{self.version}"
