"""The member, and the timeline that is also the event log."""

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower, NullIf
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from stores.models import Programme, Store


class NameWords(models.Func):
    """The words of both names: `Eva-Lena von Essen` has four, found by their starts."""

    template = (
        "to_tsvector('simple'::regconfig, "
        "translate(first_name || ' ' || last_name, '-.’/@_', '      '))"
    )
    output_field = SearchVectorField()


class Member(models.Model):
    """A person in the club, from the number given at the till until erasure.

    Personal data: name, contact details, birthday. See members.privacy.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Pending")
        ACTIVE = "ACTIVE", _("Active")
        LEFT = "LEFT", _("Left")
        ERASED = "ERASED", _("Erased")
        BLOCKED = "BLOCKED", _("Blocked")

    class Source(models.TextChoices):
        TILL = "TILL", _("Till")
        WEB = "WEB", _("Web")
        API = "API", _("Other system")
        IMPORT = "IMPORT", _("Import")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="members"
    )
    # Twelve digits, the last a check digit; printed on the card and read out loud.
    number = models.CharField(_("membership number"), max_length=12)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.PENDING
    )

    # CONTACT
    phone = models.CharField(_("mobile number"), max_length=16, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    first_name = models.CharField(_("first name"), max_length=60, blank=True)
    last_name = models.CharField(_("last name"), max_length=60, blank=True)
    birthday_on = models.DateField(_("birthday"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=2, default="sv")
    home_store = models.ForeignKey(
        Store,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("home store"),
    )

    # HOW THEY CAME
    source = models.CharField(max_length=8, choices=Source.choices)
    registered_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    registered_at = models.DateTimeField(_("registered"))
    activated_at = models.DateTimeField(_("active since"), null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    phone_verified_at = models.DateTimeField(null=True, blank=True)
    email_verified_at = models.DateTimeField(null=True, blank=True)

    # SEARCH: see members.search and decision 0009.
    words = models.GeneratedField(
        expression=NameWords(), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "phone"],
                condition=~Q(phone=""),
                name="member_phone_once_per_programme",
            ),
            models.UniqueConstraint(
                "programme",
                Lower("email"),
                condition=~Q(email=""),
                name="member_email_once_per_programme",
            ),
            models.UniqueConstraint(
                fields=["programme", "number"],
                name="member_number_once_per_programme",
            ),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="member_phone_is_e164",
            ),
            models.CheckConstraint(
                condition=Q(number__regex=r"^[0-9]{12}$"),
                name="member_number_is_twelve_digits",
            ),
            models.CheckConstraint(
                condition=~Q(status="ACTIVE") | Q(activated_at__isnull=False),
                name="member_active_since_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="ERASED")
                | Q(phone="", email="", first_name="", last_name=""),
                name="member_erased_holds_no_contact",
            ),
        ]
        # Each ends with the id: after an import many members are alike in the rest, and
        # the database would sort them all to show the first page.
        indexes = [
            models.Index(
                fields=["programme", "-registered_at", "-id"],
                name="member_newest_first",
            ),
            models.Index(
                fields=["status", "programme", "-registered_at", "-id"],
                name="member_status_newest_first",
            ),
            models.Index(
                fields=["home_store", "-registered_at", "-id"],
                name="member_store_newest_first",
            ),
            # Nameless members (from the till, not finished) come last.
            models.Index(
                "programme",
                NullIf(Lower("last_name"), Value("")),
                Lower("first_name"),
                "id",
                name="member_by_name",
            ),
            models.Index(
                fields=["registered_store", "-activated_at"],
                name="member_by_registering_store",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def name(self) -> str:
        """Return the full name, or nothing while it is not known."""
        return f"{self.first_name} {self.last_name}".strip()


class CurrentTransaction(models.Func):
    """The id of the transaction that is writing, as a 64-bit number."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """One thing that happened to a member: the timeline, and what consumers read.

    `data` holds ids and amounts, never contact details. Written once; a trigger
    refuses UPDATE. Rows go when the member is erased.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=48)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    data = models.JSONField(default=dict)
    # What it is about in the room that recorded it (a receipt, a message, ...).
    subject_type = models.CharField(max_length=32, blank=True)
    subject_id = models.UUIDField(null=True)
    # The transaction that wrote the row (filled by the database): the order that
    # consumers read in, since ids are given before a transaction commits.
    # See decision 0005.
    xact = models.BigIntegerField(editable=False, db_default=CurrentTransaction())

    class Meta:
        indexes = [
            models.Index(fields=["member", "-at", "-id"], name="event_member_at"),
            models.Index(fields=["xact", "id"], name="event_cursor_order"),
        ]

    def __str__(self) -> str:
        return self.kind


class EventCursor(models.Model):
    """How far one consumer has read the event log. Holds no personal data."""

    name = models.CharField(max_length=64, primary_key=True)
    xact = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
