"""How often and when members are written to, and who is not written to at all."""

from datetime import time

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from consent.models.ledger import Channel
from members.models import Member
from stores.models import Programme, Staff


class ContactPolicy(models.Model):
    """The club's own bounds on marketing and surveys, all channels together.

    Service messages and codes are outside them. Holds no personal data.
    """

    programme = models.OneToOneField(
        Programme,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="contact_policy",
    )
    # In the programme's zone; nothing but service goes out from `quiet_from` on.
    quiet_from = models.TimeField(_("quiet from"), default=time(20))
    quiet_until = models.TimeField(_("quiet until"), default=time(8))
    per_week = models.PositiveSmallIntegerField(_("at most in seven days"), default=3)
    per_month = models.PositiveSmallIntegerField(_("at most in thirty days"), default=8)
    gap_hours = models.PositiveSmallIntegerField(
        _("hours between two messages"), default=20
    )
    surveys_per_year = models.PositiveSmallIntegerField(
        _("surveys in a year"), default=4
    )
    # SE 13, DK 15 is the law's least age for consent online; the club's own is higher.
    youngest_years = models.PositiveSmallIntegerField(_("youngest age"), default=16)
    # No profiling of children (GDPR recital 38).
    profiling_from_years = models.PositiveSmallIntegerField(
        _("personal offers from age"), default=18
    )
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(youngest_years__gte=13)
                & Q(profiling_from_years__gte=models.F("youngest_years")),
                name="contactpolicy_ages_are_lawful",
            ),
            models.CheckConstraint(
                condition=~Q(quiet_from=models.F("quiet_until")),
                name="contactpolicy_leaves_time_to_write",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id}"


class ContactPreference(models.Model):
    """What a member wishes beyond yes and no: how often, and silence for a while.

    Personal data: the member's own wishes.
    """

    member = models.OneToOneField(
        Member,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="contact_preference",
    )
    per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    # Processing is restricted while a dispute is open (GDPR art. 18).
    restricted_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.member_id}"


class Suppression(models.Model):
    """An address that is not written to, as a keyed hash that survives erasure.

    Personal data only together with the key; tied to no member.
    """

    class Reach(models.TextChoices):
        MARKETING = "MARKETING", _("No marketing and no surveys")
        ALL = "ALL", _("Nothing at all")

    class Reason(models.TextChoices):
        REQUEST = "REQUEST", _("Asked for it")
        ERASED = "ERASED", _("Was erased")
        COMPLAINT = "COMPLAINT", _("Marked us as spam")
        BOUNCE = "BOUNCE", _("Does not exist")
        REGISTER = "REGISTER", _("Is in a block register")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    contact_index = models.BinaryField(max_length=32)
    # A few keyed bits by which the gate passes by who is surely not listed, without
    # hashing every address of a club. Null in rows from before there were marks.
    mark = models.IntegerField(null=True, editable=False)
    reach = models.CharField(max_length=9, choices=Reach.choices)
    reason = models.CharField(max_length=9, choices=Reason.choices)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "channel", "contact_index"],
                condition=Q(lifted_at__isnull=True),
                name="suppression_live_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["programme", "channel", "mark"],
                condition=Q(lifted_at=None),
                name="suppression_live_mark",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.reason}"


class Contact(models.Model):
    """One marketing message or survey that reached a member: what the budget counts.

    Personal data: when a member was written to.
    """

    class Kind(models.TextChoices):
        MARKETING = "MARKETING", _("Marketing")
        SURVEY = "SURVEY", _("Survey")

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="contacts", db_index=False
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    at = models.DateTimeField()
    # The message; counted once, however often it was tried.
    message_id = models.UUIDField(unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["member", "-at"], name="contact_member_latest"),
            models.Index(fields=["at"], name="contact_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel}"


class ContactPolicyChange(models.Model):
    """What a club's bounds were from a moment on: written by a trigger, never changed.

    Holds no personal data.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateTimeField()
    bounds = models.JSONField()

    class Meta:
        indexes = [
            models.Index(
                fields=["programme", "-valid_from", "-id"],
                name="contactpolicychange_latest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.valid_from}"


class ContactPreferenceChange(models.Model):
    """What a member's wishes were from a moment on: written by a trigger.

    Personal data: the member's own wishes.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    valid_from = models.DateTimeField()
    wishes = models.JSONField()

    class Meta:
        indexes = [
            models.Index(
                fields=["member", "-valid_from", "-id"],
                name="contactpreferencechange_latest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.valid_from}"


class Topic(models.Model):
    """A subject that messages can be about, which members can want or not want.

    Holds no personal data.
    """

    class Kind(models.TextChoices):
        INTEREST = "INTEREST", _("Interest")
        # Tells something of health or belief: only ever excludes, never targets.
        DIET = "DIET", _("Diet or allergy")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="topics"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # By language.
    names = models.JSONField()
    # The order members see them in.
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    # No longer offered; what members said of it stays and still excludes.
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "kind"], name="topic_keeps_its_kind")
        ]

    def __str__(self) -> str:
        return str(self.names.get("sv") or next(iter(self.names.values()), ""))


class TopicWish(models.Model):
    """That a member wants a subject, or does not want it.

    Personal data; of a diet or allergy it tells something of health (GDPR art. 9), is
    said by the member alone and used to leave things out.
    """

    class Wish(models.TextChoices):
        WANTED = "WANTED", _("Wanted")
        UNWANTED = "UNWANTED", _("Not wanted")

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="topic_wishes", db_index=False
    )
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    # The topic's own (a trigger fills it in), so that the rule below can be held.
    kind = models.CharField(
        max_length=8, choices=Topic.Kind.choices, editable=False, db_default=""
    )
    wish = models.CharField(max_length=8, choices=Wish.choices)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "topic"], name="topicwish_once"),
            models.CheckConstraint(
                condition=~Q(kind="DIET", wish="WANTED"),
                name="topicwish_diets_only_exclude",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.wish}"
