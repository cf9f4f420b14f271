"""The points ledger. Changed only by the SQL functions of points' migrations."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member
from points.models.versions import EarningRule


class Account(models.Model):
    """A member's points: a projection of the entries, kept under its row lock.

    Personal data: how much a member has earned.
    """

    member = models.OneToOneField(
        Member, on_delete=models.PROTECT, primary_key=True, related_name="account"
    )
    # Everything a member has: usable, waiting and reserved. What can be used now is the
    # balance less the other two; below zero after returns of points that were used.
    balance = models.IntegerField(default=0)
    # Earned and not usable before their day.
    pending = models.IntegerField(default=0, db_default=0)
    # Promised to a purchase that is not finished.
    reserved = models.IntegerField(default=0, db_default=0)
    # What returns took and no lot held: the next points pay it. The lots hold the
    # balance and this together.
    owed = models.IntegerField(default=0, db_default=0)
    # No entry before this one is owed: what pays a debt looks no further back.
    owed_from = models.BigIntegerField(null=True)
    # All that was ever earned; returns and expiry do not lower it.
    earned_total = models.BigIntegerField(default=0)
    entries = models.IntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pending__gte=0, reserved__gte=0),
                name="account_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(owed__gte=0)
                & Q(balance__gte=F("pending") + F("reserved") - F("owed")),
                name="account_lots_cover_the_parts",
            ),
            models.CheckConstraint(
                condition=Q(owed=0) | Q(pending=0, balance=F("reserved") - F("owed")),
                name="account_owes_only_when_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.balance}"


class Entry(models.Model):
    """One posting. Append-only: a trigger refuses UPDATE and DELETE.

    Personal data: part of a member's account; pseudonymous after erasure.
    """

    class Kind(models.TextChoices):
        EARN = "EARN", _("Earned")
        REVERSE = "REVERSE", _("Taken back after a return")
        SPEND = "SPEND", _("Used")
        EXPIRE = "EXPIRE", _("Expired")
        ADJUST = "ADJUST", _("Adjusted")
        # From one membership of a person to the other, or back; see decision 0011.
        MERGE = "MERGE", _("Moved between memberships")
        # A use that was undone: the points are back in the lots they came from.
        RESTORE = "RESTORE", _("Given back")
        GOODWILL = "GOODWILL", _("Goodwill")
        IMPORT = "IMPORT", _("Taken over from another system")
        # These move points between the parts of the balance and do not change it.
        ACTIVATE = "ACTIVATE", _("Became usable")
        RESERVE = "RESERVE", _("Reserved")
        RELEASE = "RELEASE", _("Reservation let go")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="point_entries",
        db_index=False,
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    points = models.IntegerField()
    # How many points went from one part of the balance to another: ACTIVATE, RESERVE
    # and RELEASE have no `points` and only this.
    moved = models.IntegerField(default=0, db_default=0)
    balance_after = models.IntegerField()
    # When it counts for the member (the time of purchase), and when it was posted.
    at = models.DateTimeField()
    posted_at = models.DateTimeField()
    # Posts once per member; names its cause, such as receipt:<public id>.
    key = models.CharField(max_length=96)
    rule = models.ForeignKey(
        EarningRule,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
    )
    reverses = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="reversed_by",
        null=True,
        db_index=False,
    )
    source_type = models.CharField(max_length=32, blank=True)
    source_id = models.UUIDField(null=True)
    # In words of ours or of the club, for it stays; what people write is a note.
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "key"], name="entry_key_once_per_member"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["ADJUST", "MERGE"], moved=0) & ~Q(points=0)
                | Q(
                    kind__in=["EARN", "RESTORE", "GOODWILL", "IMPORT"],
                    points__gt=0,
                    moved=0,
                )
                | Q(kind__in=["REVERSE", "SPEND", "EXPIRE"], points__lt=0, moved=0)
                | Q(
                    kind__in=["ACTIVATE", "RESERVE", "RELEASE"],
                    points=0,
                    moved__gt=0,
                ),
                name="entry_sign_fits_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="entry_member_newest_first"),
            models.Index(
                fields=["reverses"],
                condition=Q(reverses__isnull=False),
                name="entry_reversals",
            ),
            # Whoever uses points has them: only returns and merges leave a debt.
            models.Index(
                fields=["member", "id"],
                condition=Q(kind__in=["REVERSE", "MERGE"], points__lt=0),
                name="entry_may_be_owed",
            ),
            # Written in about this order: what was booked in a span of time is found
            # without reading what was before. A few pages, whatever the ledger's size.
            BrinIndex(
                fields=["posted_at", "at"],
                autosummarize=True,
                pages_per_range=32,
                name="entry_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.points}"


class EntryNote(models.Model):
    """What somebody wrote about an entry, which goes when the member is erased.

    Beside the entry, which stays. Never changed (a trigger). Personal data: free text
    about a member.
    """

    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, primary_key=True, related_name="note"
    )
    text = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""), name="entrynote_says_something"
            )
        ]

    def __str__(self) -> str:
        return self.text


class Lot(models.Model):
    """Points of one earning, with their own expiry; `remaining` counts down.

    What a merge moves is a lot again, with the days of the one that it came from.
    Personal data: part of a member's account.
    """

    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, primary_key=True, related_name="lot"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="lots", db_index=False
    )
    points = models.IntegerField()
    remaining = models.IntegerField()
    active_from = models.DateTimeField()
    # Not usable yet; an ACTIVATE entry ends it when `active_from` has come.
    is_pending = models.BooleanField(default=False, db_default=False)
    expires_at = models.DateTimeField(null=True)
    # The earning that these points once were, for a lot that a merge has moved: a
    # return of that purchase finds them here.
    origin = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="copies",
        null=True,
        db_index=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0, remaining__gte=0)
                & Q(remaining__lte=F("points")),
                name="lot_remaining_within_points",
            ),
            models.CheckConstraint(
                condition=Q(is_pending=False) | Q(remaining__gt=0),
                name="lot_waits_only_with_points",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member", "expires_at", "entry"],
                condition=Q(remaining__gt=0),
                name="lot_open_oldest_expiry_first",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(remaining__gt=0, expires_at__isnull=False),
                name="lot_open_by_expiry",
            ),
            models.Index(
                fields=["origin"],
                condition=Q(origin__isnull=False),
                name="lot_copies",
            ),
            models.Index(
                fields=["active_from"],
                condition=Q(is_pending=True),
                name="lot_pending_by_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining}/{self.points}"


class LotUse(models.Model):
    """How many points of a lot an entry consumed, or gave back. Append-only.

    Negative for a RESTORE: the lot has them again.

    Personal data: part of a member's account.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="lot_uses", db_index=False
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="uses")
    points = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(points=0), name="lotuse_points_not_zero"
            ),
        ]
        indexes = [
            # Not unique: a debt may be paid twice from one lot, in part as the points
            # are taken and again when a reservation lets more of them go.
            models.Index(fields=["entry", "lot"], name="lotuse_by_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.points}"


class Reservation(models.Model):
    """Points promised to a purchase that is not finished: nobody else can use them.

    It holds an amount and not lots: the points of a member that lapse first, as many as
    are reserved. Those do not lapse while they are held. It ends once.
    Personal data: part of a member's account.
    """

    class Outcome(models.TextChoices):
        HELD = "HELD", _("Held")
        CAPTURED = "CAPTURED", _("Used")
        RELEASED = "RELEASED", _("Let go")
        LAPSED = "LAPSED", _("Timed out")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    points = models.IntegerField()
    # Reserves once per member; names its cause.
    key = models.CharField(max_length=96)
    reserved_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=8, choices=Outcome.choices, default=Outcome.HELD
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "key"], name="reservation_key_once_per_member"
            ),
            models.CheckConstraint(
                condition=Q(points__gt=0) & Q(expires_at__gt=F("reserved_at")),
                name="reservation_holds_something",
            ),
            models.CheckConstraint(
                condition=Q(outcome="HELD", ended_at__isnull=True)
                | ~Q(outcome="HELD") & Q(ended_at__isnull=False),
                name="reservation_ends_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member", "expires_at"],
                condition=Q(outcome="HELD"),
                name="reservation_held",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(outcome="HELD"),
                name="reservation_held_by_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points} {self.outcome}"
