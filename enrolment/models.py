"""Registrations: how each began and ended, and the links that finish them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from enrolment.importing.models import (  # noqa: F401 - so that Django finds them
    ClubImport,
    ImportBatch,
    ImportRow,
)
from members.models import Member
from stores.models import Programme, Staff, Store, TillDevice


class JoinLink(models.Model):
    """A link sent to a new member's phone; good until used, replaced or expired.

    Stored as a hash of 128 random bits. Personal data: ties a member to a visit.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="join_links"
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True
    )
    device = models.ForeignKey(
        TillDevice, on_delete=models.SET_NULL, related_name="+", null=True
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # Another link was sent in its place.
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["member", "-created_at"], name="joinlink_member")
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Registration(models.Model):
    """One way into the club, from its beginning until it is finished or given up.

    The same row for every way in: the evidence of where, when and through whom.
    Personal data: ties a member to a store and a person of the staff.
    """

    class Way(models.TextChoices):
        TILL = "TILL", _("Till")
        SMS = "SMS", _("SMS")
        POSTER = "POSTER", _("Poster")
        WEB = "WEB", _("Web page")
        API = "API", _("Other system")
        IMPORT = "IMPORT", _("Import")

    class Outcome(models.TextChoices):
        OPEN = "OPEN", _("Not finished")
        FINISHED = "FINISHED", _("Finished")
        # Not finished in time; the member was erased.
        ERASED = "ERASED", _("Erased unfinished")
        # Somebody who had left did not come back after all; nothing was erased.
        LAPSED = "LAPSED", _("Given up")

    public_id = models.UUIDField(default=uuid7, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="registrations"
    )
    way = models.CharField(max_length=8, choices=Way.choices)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    device = models.ForeignKey(
        TillDevice,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        db_index=False,
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True, db_index=False
    )
    # Where in the store or on the web: the poster's or page's own word for it.
    placement = models.CharField(max_length=40, blank=True, db_default="")
    # The first time, or somebody who left and is back.
    is_return = models.BooleanField(default=False, db_default=False)
    started_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=8, choices=Outcome.choices, default=Outcome.OPEN
    )
    ended_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(outcome="OPEN"),
                name="registration_one_open_per_member",
            ),
            models.CheckConstraint(
                condition=Q(outcome="OPEN", ended_at__isnull=True)
                | ~Q(outcome="OPEN") & Q(ended_at__isnull=False),
                name="registration_end_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["programme", "outcome", "-ended_at"],
                name="registration_by_outcome",
            ),
            models.Index(
                fields=["started_at"],
                condition=Q(outcome="OPEN"),
                name="registration_open_by_start",
            ),
            # Those of an import have neither.
            models.Index(
                fields=["store"],
                condition=Q(store__isnull=False),
                name="registration_of_store",
            ),
            models.Index(
                fields=["staff"],
                condition=Q(staff__isnull=False),
                name="registration_of_staff",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
