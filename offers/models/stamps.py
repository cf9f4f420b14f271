"""Stamp cards: so many purchases of some goods give a reward.

Stamps are given and taken by the SQL functions of offers' migrations, in the statement
that records a receipt; nobody stamps by hand.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member
from stores.models import Programme, Staff


class StampCard(models.Model):
    """The terms of a stamp card. Published ones never change but to end (a trigger).

    Holds no personal data of members.
    """

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        PUBLISHED = "PUBLISHED", _("Published")
        ENDED = "ENDED", _("Ended")

    class Counts(models.TextChoices):
        ITEMS = "ITEMS", _("Each item")
        # One stamp a purchase, however much is bought.
        VISITS = "VISITS", _("Each purchase")

    class Reward(models.TextChoices):
        GOODS = "GOODS", _("Goods")
        MONEY = "MONEY", _("Money off")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="stamp_cards"
    )
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    # By language: what the card is called, and what is bought, as in "9 coffees".
    names = models.JSONField(default=dict)
    bought = models.JSONField(default=dict)

    # WHAT GIVES STAMPS
    counts = models.CharField(
        max_length=8, choices=Counts.choices, default=Counts.ITEMS
    )
    # As `points.terms.Goods`: as written, and as names are compared.
    goods = models.JSONField(default=dict)
    fits = models.JSONField(default=dict)
    needed = models.PositiveSmallIntegerField()
    # Null for as many as are bought.
    most_per_purchase = models.PositiveSmallIntegerField(null=True)
    # Stamps lapse at the end of the day so many days after; null for never.
    valid_days = models.PositiveSmallIntegerField(null=True)
    # The club's days, both whole.
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    # WHAT THEY GIVE
    reward_kind = models.CharField(
        max_length=8, choices=Reward.choices, default=Reward.GOODS
    )
    reward_texts = models.JSONField(default=dict)
    reward_goods = models.JSONField(default=dict)
    reward_fits = models.JSONField(default=dict)
    # Of goods: what they cost about.
    reward_value = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    # The reward is one more of what is bought: "the tenth is on us".
    reward_is_one_more = models.BooleanField(default=False)
    reward_needs_purchase = models.BooleanField(default=False)
    reward_valid_days = models.PositiveSmallIntegerField(default=90)
    reward_grace_days = models.PositiveSmallIntegerField(default=14)

    written_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changed_at = models.DateTimeField()
    published_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    published_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(needed__gte=1, needed__lte=100),
                name="stampcard_needs_some",
            ),
            models.CheckConstraint(
                condition=Q(most_per_purchase__isnull=True)
                | Q(most_per_purchase__gte=1),
                name="stampcard_gives_some",
            ),
            models.CheckConstraint(
                condition=Q(reward_kind="GOODS") | Q(reward_value__gt=0),
                name="stampcard_reward_is_worth_something",
            ),
            models.CheckConstraint(
                condition=~Q(status="ENDED") | Q(ends_on__isnull=False),
                name="stampcard_ended_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(status="DRAFT") | Q(published_at__isnull=False),
                name="stampcard_published_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.names.get("en") or self.public_id)


class Stamp(models.Model):
    """Stamps that a line gave, that a return took back, or that lapsed. Append-only.

    Personal data: what somebody bought, and when.
    """

    class Kind(models.TextChoices):
        STAMP = "STAMP", _("Stamped")
        RETURN = "RETURN", _("Taken back after a return")
        LAPSE = "LAPSE", _("Lapsed")

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    card = models.ForeignKey(
        StampCard, on_delete=models.PROTECT, related_name="stamps", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Stamps: below zero for what goes. A line above the card's limit gives none.
    number = models.IntegerField()
    # Of the line, below zero when it came back: what the number is worked out from.
    quantity = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    # Null for what lapsed. `purchase` is the receipt that gave the stamps.
    receipt = models.UUIDField(null=True)
    line_number = models.PositiveSmallIntegerField(default=0)
    purchase = models.UUIDField(null=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # When the purchase's stamps lapse; null for never.
    expires_at = models.DateTimeField(null=True)
    # On the first row of a purchase: what of all its stamps is left, less what rewards
    # took and what lapsed. A projection; all else never changes.
    remaining = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "card", "line_number"],
                condition=Q(receipt__isnull=False),
                name="stamp_once_per_line",
            ),
            models.CheckConstraint(
                condition=Q(kind="STAMP", number__gte=0, quantity__gt=0)
                | Q(kind="RETURN", number__lte=0, quantity__lt=0)
                | Q(kind="LAPSE", quantity=0, receipt__isnull=True),
                name="stamp_sign_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(remaining=0) | Q(kind="STAMP"),
                name="stamp_remains_of_purchases",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "card", "-id"], name="stamp_of_member"),
            models.Index(
                fields=["member", "card"],
                condition=Q(remaining__gt=0),
                name="stamp_remaining",
            ),
            models.Index(
                fields=["purchase", "card"],
                condition=Q(purchase__isnull=False),
                name="stamp_of_purchase",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class MemberCard(models.Model):
    """A member's stamps on a card: a projection of the stamps, kept under its lock.

    Personal data: how often somebody bought some goods.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    card = models.ForeignKey(
        StampCard, on_delete=models.PROTECT, related_name="members", db_index=True
    )
    # All stamps, less what came back and what lapsed, and the rewards they gave, less
    # those withdrawn. What counts towards the next reward is the one less the others'
    # stamps: below zero when a reward was used whose goods came back.
    stamps = models.IntegerField(default=0)
    rewards = models.IntegerField(default=0)
    # The next moment at which some lapse.
    lapses_at = models.DateTimeField(null=True)
    # Up to when all is worked out: what is older comes late.
    settled_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "card"], name="membercard_one_of_each"
            ),
            models.CheckConstraint(
                condition=Q(rewards__gte=0), name="membercard_rewards_not_negative"
            ),
        ]
        indexes = [
            models.Index(
                fields=["lapses_at"],
                condition=Q(lapses_at__isnull=False),
                name="membercard_to_lapse",
            )
        ]

    def __str__(self) -> str:
        return f"{self.stamps}"
