"""What a member is known by, and how each was proven theirs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models.member import Member
from stores.models import Programme


class Identifier(models.Model):
    """A number, address, card or another system's id by which a member is found.

    The member's own `phone` and `email` are always among them: a trigger writes them
    here, and their uniqueness is this table's. One that is neither the current contact
    nor proven finds nobody. The membership number is the member's own column; cards
    here are further ones, and those that were lost. Personal data: contact details.
    """

    class Kind(models.TextChoices):
        PHONE = "PHONE", _("Mobile number")
        EMAIL = "EMAIL", _("E-mail")
        CARD = "CARD", _("Card")
        EXTERNAL = "EXTERNAL", _("Another system's id")

    class Proof(models.TextChoices):
        LINK = "LINK", _("A link we sent there")
        CODE = "CODE", _("A code we sent there")
        SMS = "SMS", _("An SMS from there")
        STAFF = "STAFF", _("Shown to staff")
        SYSTEM = "SYSTEM", _("Said by a system of ours")
        IMPORT = "IMPORT", _("Taken over with the old club")

    class End(models.TextChoices):
        CHANGED = "CHANGED", _("Changed")
        LOST = "LOST", _("Lost")
        REPLACED = "REPLACED", _("Replaced")
        # Somebody else has proven that the number or address is theirs now.
        PASSED_ON = "PASSED_ON", _("Belongs to somebody else now")
        UNDONE = "UNDONE", _("The change was undone")

    public_id = models.UUIDField(default=uuid7, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="identifiers"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Whose id it is, for those of other systems.
    system = models.CharField(max_length=32, blank=True, db_default="")
    # E.164, an address in lower case, digits of a card, or the other system's id.
    value = models.CharField(max_length=254)
    added_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True)
    # The last time somebody answered from there: numbers change hands in silence.
    last_proven_at = models.DateTimeField(null=True)
    proof = models.CharField(
        max_length=8, choices=Proof.choices, blank=True, db_default=""
    )
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=9, choices=End.choices, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "kind", "system", "value"],
                condition=Q(ended_at__isnull=True),
                name="identifier_live_once",
            ),
            models.CheckConstraint(
                condition=~Q(value="") & (Q(kind="EXTERNAL") ^ Q(system="")),
                name="identifier_names_its_system",
            ),
            models.CheckConstraint(
                condition=~Q(kind="PHONE") | Q(value__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="identifier_phone_is_e164",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | Q(ended_at__isnull=False) & ~Q(end=""),
                name="identifier_end_has_its_reason",
            ),
        ]
        indexes = [
            # Also those that were lost: a till must be told so.
            models.Index(
                fields=["programme", "value"],
                condition=Q(kind="CARD"),
                name="identifier_cards",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
