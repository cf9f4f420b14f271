"""Vouchers: what a member may take off a price, or get for it, once.

Written by the SQL functions of offers' migrations and by `offers.vouchers.services`.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.ids import uuid7
from members.models import Member
from offers.models.stamps import StampCard
from points.models import EarningRule, Entry
from stores.models import Programme, Staff, Store


class Voucher(models.Model):
    """A right to some money off, or to some goods, until a day.

    Personal data: what a member has got and used.
    """

    class Kind(models.TextChoices):
        MONEY = "MONEY", _("Money off")
        GOODS = "GOODS", _("Goods")

    class Origin(models.TextChoices):
        POINTS = "POINTS", _("Points")
        STAMPS = "STAMPS", _("Stamp card")
        GOODWILL = "GOODWILL", _("Goodwill")

    class Status(models.TextChoices):
        ISSUED = "ISSUED", _("Valid")
        # Held for a purchase that is not finished, until `reserved_until`.
        RESERVED = "RESERVED", _("Reserved")
        USED = "USED", pgettext_lazy("of one voucher", "Used")
        VOID = "VOID", _("Withdrawn")
        LAPSED = "LAPSED", _("Lapsed")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # Found by the unique code's index.
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="vouchers", db_index=False
    )
    # Found by an index of its own, below.
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="vouchers", db_index=False
    )
    # Twelve signs without I, L, O and U: 60 bits that nobody can guess.
    code = models.CharField(_("code"), max_length=12)

    # WHAT IT IS WORTH
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Of goods: what they cost about, zero where nobody has said.
    value = models.DecimalField(max_digits=10, decimal_places=2)
    # What is left of the value: all of it, nothing once used, and the share that came
    # back when some of the goods it paid for were returned.
    worth = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3)
    # Of goods: which, as `points.terms.Goods` with names as they are
    # compared; and how a member is told, by language.
    goods = models.JSONField(default=dict, blank=True)
    texts = models.JSONField(default=dict, blank=True)
    # It only lowers the price of something that is bought; VAT treats that otherwise
    # than goods that are given for it alone (Court of Justice, C-436/24, Lyko).
    needs_purchase = models.BooleanField()

    # WHERE IT COMES FROM
    origin = models.CharField(max_length=8, choices=Origin.choices)
    points = models.PositiveIntegerField(default=0)
    # The spend. Without a constraint: accounts of members erased long ago go as a
    # whole, on a day of their own.
    entry = models.ForeignKey(
        Entry,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_index=False,
        db_constraint=False,
    )
    # The version of the programme that it follows.
    rule = models.ForeignKey(
        EarningRule,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
    )
    stamp_card = models.ForeignKey(
        StampCard, on_delete=models.PROTECT, related_name="vouchers", null=True
    )
    # The receipt that brought it about; its table is in a room above.
    caused_by = models.UUIDField(null=True)
    # Makes giving one idempotent: the member's choice, or staff's gift.
    key = models.CharField(max_length=96, null=True)  # noqa: DJ001 - null: no key

    # WHEN
    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.ISSUED
    )
    issued_at = models.DateTimeField()
    # From the beginning of the club's day, and to the end of one: the first moment at
    # which it is not valid any more.
    valid_from = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Tills accept it so much longer; nobody is told.
    grace_days = models.PositiveSmallIntegerField(default=0)
    grace_until = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    reactivations = models.PositiveSmallIntegerField(default=0)

    # THE PURCHASE THAT HOLDS IT
    reserved_until = models.DateTimeField(null=True)
    # Who may let it go or use it, and where; the key names the open purchase.
    reserved_key = models.CharField(max_length=96, blank=True)
    reserved_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )

    # THE LAST USE
    used_at = models.DateTimeField(null=True)
    used_receipt = models.UUIDField(null=True)
    used_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "code"], name="voucher_code_once"
            ),
            models.UniqueConstraint(
                fields=["member", "key"],
                condition=Q(key__isnull=False),
                name="voucher_key_once_per_member",
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[0-9A-HJKMNP-TV-Z]{12}$"),
                name="voucher_code_is_readable",
            ),
            models.CheckConstraint(
                condition=Q(worth__gte=0, worth__lte=F("value"))
                & (Q(kind="GOODS") | Q(value__gt=0)),
                name="voucher_worth_within_value",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__lt=F("expires_at"))
                & Q(expires_at__lte=F("grace_until")),
                name="voucher_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(status="RESERVED", reserved_until__isnull=False)
                | ~Q(status="RESERVED") & Q(reserved_until__isnull=True),
                name="voucher_reserved_until_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="USED") | Q(used_at__isnull=False, worth=0),
                name="voucher_used_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(origin="STAMPS", stamp_card__isnull=False)
                | ~Q(origin="STAMPS") & Q(stamp_card__isnull=True),
                name="voucher_of_stamps_has_its_card",
            ),
            models.CheckConstraint(
                condition=~Q(origin="POINTS") | Q(points__gt=0),
                name="voucher_of_points_has_cost_some",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="voucher_member_newest"),
            models.Index(
                fields=["grace_until"],
                condition=Q(status__in=["ISSUED", "RESERVED"]),
                name="voucher_open_by_end",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(status="ISSUED", reminded_at__isnull=True),
                name="voucher_to_remind",
            ),
            models.Index(
                fields=["programme", "status", "-id"], name="voucher_by_status"
            ),
            # What a member may use, however many they have used.
            models.Index(
                fields=["member"],
                condition=Q(status__in=["ISSUED", "RESERVED"]),
                name="voucher_open_of_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.value} {self.status}"


class Redemption(models.Model):
    """One use of a voucher: what it took off, of which goods, and what came back.

    The goods' sums let a return give back exactly its share, whatever else was on the
    receipt. Personal data: what a member used and when.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, related_name="redemptions", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Null between the web shop's redemption and the receipt that names the voucher.
    receipt = models.UUIDField(null=True)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    # Of a use by API: what a repeat is known by.
    key = models.CharField(max_length=96, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    value = models.DecimalField(max_digits=10, decimal_places=2)
    # Of all goods that it paid for, in the voucher's currency, and of those that came
    # back; of goods in another currency by their pieces.
    amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    quantity = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    returned_amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    returned_quantity = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    given_back = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    # The whole purchase came back: of goods it is all or nothing.
    is_undone = models.BooleanField(default=False)
    # Of a voucher for goods: the numbers of the receipt's lines that it paid; the sums
    # above are theirs.
    lines = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["voucher", "receipt"], name="redemption_once_per_receipt"
            ),
            models.UniqueConstraint(
                fields=["voucher"],
                condition=Q(receipt__isnull=True),
                name="redemption_one_without_receipt",
            ),
            models.CheckConstraint(
                condition=Q(given_back__gte=0, given_back__lte=F("value")),
                name="redemption_gives_back_within_value",
            ),
        ]
        indexes = [
            models.Index(
                fields=["receipt"],
                condition=Q(receipt__isnull=False),
                name="redemption_by_receipt",
            ),
            models.Index(fields=["member"], name="redemption_by_member"),
        ]

    def __str__(self) -> str:
        return f"{self.value}"


class VoucherEvent(models.Model):
    """What happened to a voucher, by whom and why. Append-only (a trigger).

    Personal data: part of what a member got and used.
    """

    class Kind(models.TextChoices):
        ISSUED = "ISSUED", _("Issued")
        RESERVED = "RESERVED", _("Reserved")
        RELEASED = "RELEASED", _("Let go")
        USED = "USED", pgettext_lazy("of one voucher", "Used")
        GIVEN_BACK = "GIVEN_BACK", _("Valid again after a return")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn after a return")
        VOIDED = "VOIDED", _("Withdrawn by staff")
        LAPSED = "LAPSED", _("Lapsed")
        REACTIVATED = "REACTIVATED", _("Made valid again by staff")

    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, related_name="log", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # When it counts, and when it was written.
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # How much of the value it moved; zero where it moved none.
    value = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    receipt = models.UUIDField(null=True)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["voucher", "id"], name="voucherevent_in_order"),
            models.Index(fields=["member"], name="voucherevent_by_member"),
            # What happened since a day, without reading what was before.
            BrinIndex(
                fields=["recorded_at", "at"],
                autosummarize=True,
                pages_per_range=32,
                name="voucherevent_by_time",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
