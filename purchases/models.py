"""Receipts, as tills report them. Written by the SQL function `purchases_record`."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member
from points.models import EarningRule
from purchases.replay.models import (  # noqa: F401 - so that Django finds them
    Replay,
    ReplayPart,
)
from stores.models import Programme, Store


class Product(models.Model):
    """An article of the range, as last seen on a receipt or in a catalogue.

    Holds no personal data.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="products"
    )
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=160)
    article_group = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=80, blank=True)
    brand = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "sku"], name="product_sku_once_per_programme"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Receipt(models.Model):
    """A finished purchase or return at one till.

    Personal data when it has a member: what somebody bought, where and when. Without a
    member it is anonymous; `contact_index` (a keyed hash) lets the one who proves the
    card or phone claim it later.
    """

    class Source(models.TextChoices):
        API = "API", _("Till or shop")
        DEMO = "DEMO", _("Demo data")

    class NoPoints(models.TextChoices):
        """As `purchases.rules.NoPoints`; a test holds them together."""

        NO_CONTACT = "no_contact", _("No member was named")
        MEMBER_UNKNOWN = "member_unknown", _("Nobody in the club was found")
        MEMBER_LEFT = "member_left", _("The member has left the club")
        MEMBER_BLOCKED = "member_blocked", _("The member is blocked")
        NO_RULE = "no_rule", _("No earning rule was in force")
        OTHER_CURRENCY = (
            "other_currency",
            _("Purchases in this currency earn no points"),
        )
        NOTHING_EARNS = "nothing_earns", _("Nothing on the receipt earns points")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The keys without an index of their own are found by one of the indexes below.
    programme = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        related_name="receipts",
        db_index=False,
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="receipts", db_index=False
    )
    till_code = models.CharField(max_length=40, blank=True)
    # The till system's own id: the natural key, unique for ever.
    unique_receipt_id = models.CharField(max_length=128)
    receipt_number = models.CharField(max_length=64)
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="receipts",
        null=True,
        db_index=False,
    )
    contact_index = models.BinaryField(max_length=32, null=True)

    purchased_at = models.DateTimeField()
    business_on = models.DateField()
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    payments = models.JSONField(default=list)
    taxes = models.JSONField(default=list)

    # POINTS: what the purchase lines gave, by which version of the rule, and how much
    # of that later returns have taken back.
    rule = models.ForeignKey(
        EarningRule,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
    )
    eligible = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    points = models.IntegerField(default=0)
    returned_eligible = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    returned_points = models.IntegerField(default=0)
    # The same before rounding: each line's money by its own rate. What was earned in
    # all, and how much of it has come back; see decision 0014.
    exact = models.DecimalField(
        max_digits=18, decimal_places=6, default=0, db_default=0
    )
    returned_exact = models.DecimalField(
        max_digits=18, decimal_places=6, default=0, db_default=0
    )
    # The member's tier when it was recorded; empty without a ladder.
    tier = models.CharField(max_length=40, blank=True, db_default="")
    # Why it gave nothing when it was recorded; empty when it gave points.
    no_points_reason = models.CharField(
        max_length=16, choices=NoPoints.choices, blank=True, db_default=""
    )

    # The member's balance when this receipt had been posted: part of its one answer.
    balance_after = models.IntegerField(null=True)

    # The places, among the vouchers that it named, of those that had been used: it was
    # recorded without them. Part of its one answer; null for none.
    vouchers_used_before = ArrayField(models.PositiveSmallIntegerField(), null=True)

    # RETURNS
    original = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="returns", null=True
    )
    original_unique_id = models.CharField(max_length=128, blank=True)
    # Money of the return lines, and the points this receipt took back.
    return_eligible = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    reversed_points = models.IntegerField(default=0)

    source = models.CharField(max_length=8, choices=Source.choices)
    content_hash = models.BinaryField(max_length=32)
    recorded_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "unique_receipt_id"], name="receipt_id_once"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0, returned_points__gte=0)
                & Q(returned_points__lte=models.F("points")),
                name="receipt_returns_within_points",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member", "-purchased_at"],
                condition=Q(member__isnull=False),
                name="receipt_member_newest",
            ),
            models.Index(
                fields=["programme", "original_unique_id"],
                condition=~Q(original_unique_id=""),
                name="receipt_by_original",
            ),
            models.Index(
                fields=["contact_index"],
                condition=Q(contact_index__isnull=False),
                name="receipt_unclaimed_contact",
            ),
            models.Index(
                fields=["store", "-purchased_at"], name="receipt_store_newest"
            ),
            # Which are old enough to be tied to nobody any more.
            models.Index(
                fields=["programme", "purchased_at"],
                condition=Q(member__isnull=False),
                name="receipt_tied_by_time",
            ),
            models.Index(
                fields=["programme", "purchased_at"],
                condition=Q(member__isnull=False, original__isnull=False),
                name="receipt_tied_returns",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt_number


class ReceiptLine(models.Model):
    """One line of a receipt. Personal data when the receipt has a member."""

    class Kind(models.TextChoices):
        PURCHASE = "PURCHASE", _("Purchase")
        RETURN = "RETURN", _("Return")
        ADJUSTMENT = "ADJUSTMENT", _("Adjustment")

    receipt = models.ForeignKey(
        Receipt, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    # Without constraint and index: it only repeats the receipt's, for distribution.
    member = models.ForeignKey(
        Member,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_index=False,
        db_constraint=False,
    )
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sku = models.CharField(max_length=64)
    article_number = models.CharField(max_length=64)
    article_name = models.CharField(max_length=160)
    article_group = models.CharField(max_length=60, blank=True)
    # Negative on a return line, as the till reports it.
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    # What was paid for the line with tax, always as a positive amount on returns too.
    gross_paid = models.DecimalField(max_digits=12, decimal_places=2)
    # What of it a voucher paid that the till reports as a means of payment: nobody laid
    # it out. On a return, what was given back as a voucher.
    voucher_paid = models.DecimalField(
        max_digits=12, decimal_places=2, default=0, db_default=0
    )
    tax_amount = models.DecimalField(max_digits=12, decimal_places=2)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    discounts = models.JSONField(default=list)
    # What the till said, and whether the line counts after the rule was asked too.
    awards_bonus = models.BooleanField(default=True, db_default=True)
    is_eligible = models.BooleanField()
    # The line's share of the receipt's points; the shares add up to them.
    points = models.IntegerField(default=0)
    # How many points a unit of the line's money gave, multipliers included; zero when
    # the line earns nothing. A return of it takes points back at this rate.
    rate = models.DecimalField(max_digits=12, decimal_places=6, default=0, db_default=0)
    # The keys of the multipliers that made the rate: its reasons.
    multipliers = ArrayField(
        models.CharField(max_length=40), default=list, db_default=Value([])
    )
    original_number = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "number"], name="receiptline_number_once"
            )
        ]

    def __str__(self) -> str:
        return self.article_name


class MonthSum(models.Model):
    """What a member bought in a month of one group of goods, when receipts are gone.

    Written when receipts are cut loose from their member; several rows of a month add
    up. Personal data: what somebody bought, in sums.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # The first day.
    month = models.DateField()
    article_group = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    receipts = models.PositiveIntegerField()
    # Less what came back.
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        indexes = [
            models.Index(fields=["member", "-month"], name="monthsum_member_newest"),
            models.Index(fields=["month"], name="monthsum_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.amount}"
