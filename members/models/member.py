"""The member."""

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

    `phone` and `email` are where we write to; each is also one of the member's
    identifiers, which the database sees to. Personal data: name, contact details,
    birthday. See consent.privacy_below.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Pending")
        ACTIVE = "ACTIVE", _("Active")
        LEFT = "LEFT", _("Left")
        ERASED = "ERASED", _("Erased")
        BLOCKED = "BLOCKED", _("Blocked")
        # Was a second membership of somebody; see `merged_into`.
        MERGED = "MERGED", _("Merged")

    class Source(models.TextChoices):
        TILL = "TILL", _("Till")
        SMS = "SMS", _("SMS")
        WEB = "WEB", _("Web")
        API = "API", _("Other system")
        IMPORT = "IMPORT", _("Import")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The keys without an index of their own are found by one of those below.
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="members", db_index=False
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
    postcode = models.CharField(_("postcode"), max_length=10, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=2, default="sv")
    home_store = models.ForeignKey(
        Store,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("home store"),
    )

    # HOW THEY CAME
    source = models.CharField(max_length=8, choices=Source.choices)
    registered_store = models.ForeignKey(
        Store,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    registered_at = models.DateTimeField(_("registered"))
    activated_at = models.DateTimeField(_("active since"), null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    phone_verified_at = models.DateTimeField(null=True, blank=True)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    # Points cannot be used before: somebody may have taken the account over by
    # changing its number or address, and the owner has until then to undo it.
    held_until = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="merged_members",
        null=True,
        blank=True,
        db_index=False,
    )

    # SEARCH: see members.search and decision 0009.
    words = models.GeneratedField(
        expression=NameWords(), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        # In the database the three begin with the number or address and compare by
        # pattern, so that they also find by its beginning: see migration 0009.
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
            models.CheckConstraint(
                condition=Q(status="MERGED", merged_into__isnull=False, phone="")
                & Q(email="")
                | ~Q(status="MERGED") & Q(merged_into__isnull=True),
                name="member_merged_names_the_other",
            ),
        ]
        # Each ends with the id: after an import many members are alike in the rest, and
        # the database would sort them all to show the first page.
        indexes = [
            models.Index(
                fields=["programme", "-registered_at", "-id"],
                name="member_newest_first",
            ),
            # Nearly all are active: those are found by the index above as quickly.
            models.Index(
                fields=["status", "programme", "-registered_at", "-id"],
                condition=~Q(status="ACTIVE"),
                name="member_status_newest_first",
            ),
            models.Index(
                fields=["home_store", "-registered_at", "-id"],
                # Most of an import have no store: they need not stand in its index.
                condition=Q(home_store__isnull=False),
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
                condition=Q(registered_store__isnull=False),
                name="member_by_registering_store",
            ),
            models.Index(
                fields=["merged_into"],
                condition=Q(merged_into__isnull=False),
                name="member_merged_into",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def name(self) -> str:
        """Return the full name, or nothing while it is not known."""
        return f"{self.first_name} {self.last_name}".strip()
