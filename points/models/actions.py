"""What members got points for besides buying, and whom they brought along."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member
from points.models.versions import EarningRule
from stores.models import Programme


class ActionAward(models.Model):
    """Points for an action, given once: the unique keys refuse a second time.

    `occasion` is what the action is counted within (a day, a week, once for ever, or
    the event itself), `number` how many times it was then. Personal data: what a
    member did.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The version that gave it, and its key of the action.
    rule = models.ForeignKey(
        EarningRule, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    action = models.CharField(max_length=40)
    occasion = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField()
    points = models.PositiveIntegerField()
    # The timeline's event: its public id and kind, for the row itself may be gone.
    event_id = models.UUIDField()
    event_kind = models.CharField(max_length=48)
    at = models.DateTimeField()
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "action", "occasion", "number"],
                name="actionaward_once_per_occasion",
            ),
            models.UniqueConstraint(
                fields=["event_id", "action"], name="actionaward_once_per_event"
            ),
            models.CheckConstraint(
                condition=Q(points__gt=0, number__gt=0),
                name="actionaward_gives_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.occasion}"


class CustomEvent(models.Model):
    """Something that another system said a member did: once per name and id.

    Personal data: what a member did outside the club's own shops and pages.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=40)
    external_id = models.CharField(max_length=128)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=True
    )
    # Of the timeline.
    event_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    body_hash = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "name", "external_id"],
                name="customevent_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.external_id}"


class ReferralCode(models.Model):
    """The code in the link by which a member invites. Personal data: whose it is."""

    member = models.OneToOneField(
        Member, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    code = models.CharField(max_length=12, unique=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """Somebody new who came by a member's link, at most once for each who is new.

    Personal data of both: who brought whom.
    """

    class State(models.TextChoices):
        # Registered by the link; a purchase has not been kept long enough yet.
        JOINED = "JOINED", _("Has joined")
        KEPT = "KEPT", _("Has bought and kept it")
        # They had been a member before, are the same person, or the year was full.
        REFUSED = "REFUSED", _("Does not count")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    referrer = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    invited = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.JOINED)
    joined_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(referrer=F("invited")) | Q(state="REFUSED"),
                name="referral_not_of_oneself",
            ),
            models.CheckConstraint(
                condition=Q(state="JOINED", settled_at__isnull=True)
                | ~Q(state="JOINED") & Q(settled_at__isnull=False),
                name="referral_settled_when_it_is",
            ),
        ]
        indexes = [
            models.Index(
                fields=["joined_at"],
                condition=Q(state="JOINED"),
                name="referral_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.state
