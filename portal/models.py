"""How members sign in and stay in: codes, sessions, and changes that can be undone."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from consent.models import Channel
from members.models import Identifier, Member


class LoginCode(models.Model):
    """A one-time code asked for in one browser.

    Also written when nobody has the number or address, so that the answer is the same;
    then `member` is empty and nothing is sent. The identifier is a keyed hash.
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "SIGN_IN", _("Sign in")
        # Beside a number that was silent for long, to show that it is still theirs.
        SECOND = "SECOND", _("Second proof")
        # Before something that a borrowed phone must not be enough for.
        STEP_UP = "STEP_UP", _("Confirm")
        # To the number or address that is to be theirs.
        CONTACT = "CONTACT", _("Prove a contact")
        # Told to staff by who asks about their data: it opens nothing.
        DESK = "DESK", _("Show the desk who asks")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="login_codes", null=True
    )
    purpose = models.CharField(
        max_length=8,
        choices=Purpose.choices,
        default=Purpose.SIGN_IN,
        db_default=Purpose.SIGN_IN,
    )
    channel = models.CharField(max_length=8, choices=Channel.choices)
    identifier_index = models.BinaryField(max_length=32)
    code_hash = models.BinaryField(max_length=32)
    # The cookie of the browser that asked; the code works nowhere else.
    browser_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["identifier_index", "-created_at"], name="logincode_identifier"
            ),
            models.Index(fields=["created_at"], name="logincode_created"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Session(models.Model):
    """A member signed in on one device. Personal data: when and on what."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="portal_sessions"
    )
    key_hash = models.BinaryField(max_length=32, unique=True)
    device = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    # When a code was last entered here: what matters most asks for a fresh one.
    stepped_up_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["member", "-last_seen_at"], name="session_member")
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class ContactChange(models.Model):
    """A number or address that a member changed, and the link that undoes it.

    The link goes to the old one, so that whoever takes an account over this way is
    found out. Stored as a hash of 128 random bits. Personal data: contact details.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="contact_changes"
    )
    kind = models.CharField(max_length=8, choices=Identifier.Kind.choices)
    # Empty when there was none before.
    old = models.CharField(max_length=254, blank=True)
    new = models.CharField(max_length=254)
    token_hash = models.BinaryField(max_length=32, unique=True)
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["PHONE", "EMAIL"]) & ~Q(new=""),
                name="contactchange_of_a_contact",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-changed_at"], name="contactchange_member"),
            models.Index(fields=["changed_at"], name="contactchange_changed"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
