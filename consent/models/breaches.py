"""Breaches of personal data, reported or not (GDPR art. 33(5))."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from stores.models import Programme, Staff


class Breach(models.Model):
    """A breach, what it touched, what was decided, and the clock of 72 hours.

    Holds no personal data of members but what staff write into it; they are asked not
    to name anybody.
    """

    class Risk(models.TextChoices):
        UNKNOWN = "UNKNOWN", _("Not judged yet")
        NONE = "NONE", _("Unlikely to harm anybody")
        RISK = "RISK", _("A risk: the authority is told")
        HIGH = "HIGH", _("A high risk: the members are told too")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="breaches"
    )
    title = models.CharField(_("what happened, in a line"), max_length=120)
    description = models.TextField(_("what happened"), blank=True, default="")
    happened_at = models.DateTimeField(_("when it happened"), null=True, blank=True)
    # From here the clock runs.
    aware_at = models.DateTimeField(_("when we became aware"))
    due_at = models.DateTimeField()
    members_touched = models.PositiveIntegerField(
        _("members touched, about"), null=True, blank=True
    )
    data_touched = models.TextField(_("kinds of data"), blank=True, default="")
    consequences = models.TextField(_("likely consequences"), blank=True, default="")
    measures = models.TextField(_("what was done"), blank=True, default="")
    risk = models.CharField(
        _("risk"), max_length=7, choices=Risk.choices, default=Risk.UNKNOWN
    )
    # Why the authority was not told, or was told late.
    grounds = models.TextField(_("grounds"), blank=True, default="")
    authority_told_at = models.DateTimeField(_("authority told"), null=True, blank=True)
    authority_reference = models.CharField(
        _("the authority's number"), max_length=60, blank=True, default=""
    )
    members_told_at = models.DateTimeField(_("members told"), null=True, blank=True)
    written_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(happened_at__isnull=True)
                | Q(happened_at__lte=F("aware_at")),
                name="breach_happened_before_we_knew",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True)
                | (Q(risk="NONE") & ~Q(grounds=""))
                | (Q(risk="RISK") & Q(authority_told_at__isnull=False))
                | (
                    Q(risk="HIGH")
                    & Q(authority_told_at__isnull=False)
                    & Q(members_told_at__isnull=False)
                ),
                name="breach_closed_is_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "-aware_at"], name="breach_latest"),
        ]

    def __str__(self) -> str:
        return self.title


class BreachEntry(models.Model):
    """One line in the log of a breach: what changed, who wrote it. Append-only."""

    breach = models.ForeignKey(Breach, on_delete=models.PROTECT, related_name="entries")
    at = models.DateTimeField()
    staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    note = models.TextField(blank=True, default="")
    # What was changed, as it is after: the log is the whole history.
    changes = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["breach", "at"], name="breachentry_in_order")]

    def __str__(self) -> str:
        return f"{self.breach_id} {self.at}"
