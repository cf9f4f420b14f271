"""Goodwill: what staff may give, what they gave, and how much of it is used up."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member
from points.models.ledger import Entry
from stores.models import Programme, Staff, Store


class GoodwillReason(models.Model):
    """Why staff may give goodwill, in the words that staff and members read.

    Every new programme gets a few of them (a trigger). Holds no personal data.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Names it for ever, also in the event of the member's timeline.
    key = models.SlugField(max_length=40, db_index=False)
    name_sv = models.CharField(_("name in Swedish"), max_length=60)
    name_da = models.CharField(_("name in Danish"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=60)
    is_active = models.BooleanField(_("in use"), default=True)
    order = models.PositiveSmallIntegerField(_("place"), default=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "key"], name="goodwillreason_key_once"
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def names(self) -> dict[str, str]:
        """Return the name by language."""
        return {"sv": self.name_sv, "da": self.name_da, "en": self.name_en}

    @property
    def name(self) -> str:
        """Return the name in the language that is active."""
        return self.names.get((get_language() or "en")[:2], self.name_en)


class GoodwillAllowance(models.Model):
    """How much may be given: by one grant, one person and a store, a day and a month.

    Money of the programme. Without a store it is the whole club's; a store's own comes
    before it. Holds no personal data.
    """

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, related_name="+", null=True, db_index=False
    )
    # STORE STAFF
    staff_one_grant = models.DecimalField(
        _("staff, at most at once"), max_digits=9, decimal_places=2
    )
    staff_per_day = models.DecimalField(
        _("staff, a day"), max_digits=9, decimal_places=2
    )
    staff_per_month = models.DecimalField(
        _("staff, a month"), max_digits=9, decimal_places=2
    )
    # MANAGERS, for what they give and what they approve
    manager_one_grant = models.DecimalField(
        _("managers, at most at once"), max_digits=9, decimal_places=2
    )
    manager_per_day = models.DecimalField(
        _("managers, a day"), max_digits=9, decimal_places=2
    )
    manager_per_month = models.DecimalField(
        _("managers, a month"), max_digits=9, decimal_places=2
    )
    # THE STORE, all people together
    store_per_day = models.DecimalField(
        _("the store, a day"), max_digits=9, decimal_places=2
    )
    store_per_month = models.DecimalField(
        _("the store, a month"), max_digits=9, decimal_places=2
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "store"],
                name="goodwillallowance_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(
                    staff_one_grant__gte=0,
                    staff_per_day__gte=0,
                    staff_per_month__gte=0,
                    manager_one_grant__gte=0,
                    manager_per_day__gte=0,
                    manager_per_month__gte=0,
                    store_per_day__gte=0,
                    store_per_month__gte=0,
                ),
                name="goodwillallowance_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} {self.store_id}"


class GoodwillUse(models.Model):
    """How much of an allowance is used: of a store or a person, in a day or month.

    A grant raises its rows only as far as the allowance goes, in one statement: that
    is the lock. Days and months are those of the programme's zone. Personal data of
    staff: how much they gave.
    """

    class Period(models.TextChoices):
        DAY = "DAY", _("Day")
        MONTH = "MONTH", _("Month")

    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    period = models.CharField(max_length=5, choices=Period.choices)
    # The day, or the first day of the month.
    starts_on = models.DateField()
    used = models.DecimalField(max_digits=12, decimal_places=2)
    grants = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "staff", "period", "starts_on"],
                name="goodwilluse_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(store__isnull=True, staff__isnull=False)
                | Q(store__isnull=False, staff__isnull=True),
                name="goodwilluse_of_one",
            ),
            models.CheckConstraint(
                condition=Q(used__gte=0), name="goodwilluse_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(period="DAY") | Q(starts_on__day=1),
                name="goodwilluse_month_begins_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.starts_on}: {self.used}"


class GoodwillGrant(models.Model):
    """Something given to a member at a till, with its reason and who stood there.

    What was given never changes (a trigger). Personal data: that a member was given
    something and why, and who of the staff gave it.
    """

    class Form(models.TextChoices):
        POINTS = "POINTS", _("Points")
        VOUCHER = "VOUCHER", _("Voucher")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # Made by the screen: a second tap has the same one.
    key = models.UUIDField(unique=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The manager whose PIN allowed it, and whose allowance it then uses.
    approved_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    reason = models.ForeignKey(
        GoodwillReason, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    form = models.CharField(max_length=8, choices=Form.choices)
    # None of a voucher, which has its worth alone.
    points = models.PositiveIntegerField()
    worth = models.DecimalField(max_digits=9, decimal_places=2)
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    # The member and everybody else have been told, and a voucher is there: a grant
    # that is held and never confirmed cannot be committed (a deferred trigger).
    confirmed_at = models.DateTimeField(null=True)
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(form="POINTS", points__gt=0, entry__isnull=False)
                | Q(form="VOUCHER", points=0, entry__isnull=True),
                name="goodwillgrant_points_or_voucher",
            ),
            models.CheckConstraint(
                condition=Q(worth__gt=0), name="goodwillgrant_is_worth_something"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("staff")),
                name="goodwillgrant_nobody_approves_their_own",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-at", "-id"], name="goodwillgrant_of_store"),
            models.Index(fields=["member", "-at"], name="goodwillgrant_of_member"),
            models.Index(fields=["staff", "-at"], name="goodwillgrant_of_staff"),
        ]

    def __str__(self) -> str:
        return f"{self.form} {self.worth}"
