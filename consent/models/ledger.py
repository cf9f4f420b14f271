"""What members were shown, what they agreed to, and what they took back."""

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from members.models import Member

# Written down this long after it was said, an entry is marked as entered late.
LATE = timedelta(hours=1)


class Channel(models.TextChoices):
    """A way to reach a member."""

    SMS = "SMS", _("SMS")
    EMAIL = "EMAIL", _("E-mail")
    POST = "POST", _("Post")
    PHONE = "PHONE", _("Phone call")
    PUSH = "PUSH", _("Push notice")
    # For what does not depend on the way: profiling, partners, an objection to it all.
    ANY = "ANY", _("Every way")


# What this house can send through; of the others it keeps what members said.
MESSAGE_CHANNELS = (Channel.SMS, Channel.EMAIL)


class Purpose(models.TextChoices):
    """What a permission is for; one permission, one purpose."""

    MARKETING = "MARKETING", _("Offers and news")
    PROFILING = "PROFILING", _("Offers chosen from what I buy")
    SURVEYS = "SURVEYS", _("Questions about my visits")
    PARTNERS = "PARTNERS", _("Sharing with partners")


class ConsentEntry(models.Model):
    """One act of permission: given, withdrawn, refused. Append-only (a trigger).

    Personal data: shows what a member agreed to, when, and from where (GDPR art. 7(1)).
    """

    class Action(models.TextChoices):
        GIVEN = "GIVEN", _("Given")
        REFUSED = "REFUSED", _("Refused")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")
        # A yes that was answered once more from the address it is about.
        CONFIRMED = "CONFIRMED", _("Confirmed")
        # To direct marketing or its profiling, which is absolute (GDPR art. 21(2)-(3)).
        OBJECTED = "OBJECTED", _("Objected")
        # Too old to build on, or its text has changed too much.
        EXPIRED = "EXPIRED", _("Expired")
        # Taken over with the old club, with its original date.
        IMPORTED = "IMPORTED", _("Imported")
        # An objection taken back by the member; gives nothing by itself.
        LIFTED = "LIFTED", _("Objection taken back")

    class Basis(models.TextChoices):
        CONSENT = "CONSENT", _("Consent")
        # Own similar goods to somebody who bought and could refuse (ePrivacy
        # art. 13(2); SE MFL 19 section 2, DK MFL section 10(2)).
        SOFT_OPT_IN = "SOFT_OPT_IN", _("Customer relation")

    class Source(models.TextChoices):
        JOIN_LINK = "JOIN_LINK", _("Join link")
        PORTAL = "PORTAL", _("Member's pages")
        STAFF = "STAFF", _("Staff")
        SMS_REPLY = "SMS_REPLY", _("SMS reply")
        IMPORT = "IMPORT", _("Import")
        MERGE = "MERGE", _("Merge")
        LINK = "LINK", _("Link in a message")
        TILL = "TILL", _("Till")
        API = "API", _("Another system")
        RULE = "RULE", _("Rule of the club")
        DEMO = "DEMO", _("Demo data")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # Found by the index below, which begins with the member.
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="consent_entries",
        db_index=False,
    )
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    action = models.CharField(max_length=10, choices=Action.choices)
    at = models.DateTimeField()
    source = models.CharField(max_length=10, choices=Source.choices)
    # Who acted: the member themself, or a staff id.
    actor = models.CharField(max_length=64)
    text = models.ForeignKey(
        "consent.Text",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        db_index=False,
    )
    # What proves it: the link, code or form through which it came (an id of ours).
    evidence = models.JSONField(default=dict)
    basis = models.CharField(
        max_length=12,
        choices=Basis.choices,
        default=Basis.CONSENT,
        db_default=Basis.CONSENT,
    )
    # The purchase that a customer relation rests on (a receipt's public id).
    receipt_id = models.UUIDField(null=True)
    # When we wrote it down; long after `at` means that it was entered later.
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                fields=["member", "purpose", "channel", "-at", "-id"],
                name="consententry_latest_first",
            ),
            models.Index(
                fields=["-at"],
                condition=models.Q(action__in=["WITHDRAWN", "OBJECTED"]),
                name="consententry_taken_back",
            ),
            # Those that came with an import name no text of ours.
            models.Index(
                fields=["text"],
                condition=models.Q(text__isnull=False),
                name="consententry_by_text",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                # What the old club asked with is told by the evidence of an import,
                # and which entry a merge repeats by that of the merge.
                condition=~models.Q(action="GIVEN")
                | models.Q(text__isnull=False)
                | models.Q(source__in=["IMPORT", "MERGE"]),
                name="consententry_given_names_its_text",
            ),
            models.CheckConstraint(
                condition=models.Q(basis="CONSENT")
                | models.Q(receipt_id__isnull=False, purpose="MARKETING"),
                name="consententry_soft_opt_in_names_its_receipt",
            ),
            models.CheckConstraint(
                # What is done with the data is one word for every way; a message has
                # its way; only an objection is to all marketing at once.
                condition=models.Q(purpose__in=["PROFILING", "PARTNERS"], channel="ANY")
                | (models.Q(purpose="SURVEYS") & ~models.Q(channel="ANY"))
                | (models.Q(purpose="MARKETING") & ~models.Q(channel="ANY"))
                | models.Q(
                    purpose="MARKETING",
                    channel="ANY",
                    action__in=["OBJECTED", "LIFTED"],
                ),
                name="consententry_channel_fits_its_purpose",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.channel}"

    @property
    def is_entered_late(self) -> bool:
        """Tell whether it was written down long after it was said.

        Not what was taken over with an old club or by a merge: that always is.
        """
        told = {self.Source.IMPORT, self.Source.MERGE, self.Source.DEMO}
        return self.source not in told and self.recorded_at - self.at > LATE


class Permission(models.Model):
    """What a member said last for a purpose on a channel: a projection of the entries.

    Written by a trigger on the entries and by nothing else. Personal data: what a
    member allows now.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    action = models.CharField(max_length=10, choices=ConsentEntry.Action.choices)
    basis = models.CharField(max_length=12, choices=ConsentEntry.Basis.choices)
    at = models.DateTimeField()
    entry = models.ForeignKey(
        # Entries are never deleted; the database says so itself.
        ConsentEntry,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "purpose", "channel"], name="permission_once"
            )
        ]
        indexes = [
            # Few object, and the gate asks about each message whether they did.
            models.Index(
                fields=["member"],
                condition=models.Q(
                    purpose="MARKETING", channel="ANY", action="OBJECTED"
                ),
                name="permission_objected",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.channel}"


class TermsAcceptance(models.Model):
    """Which version of the terms a member accepted, and when. Append-only.

    Personal data: part of the proof of the membership contract.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="terms_acceptances"
    )
    text = models.ForeignKey("consent.Text", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    source = models.CharField(max_length=10, choices=ConsentEntry.Source.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "text"], name="termsacceptance_once_per_text"
            )
        ]

    def __str__(self) -> str:
        return f"{self.text_id}"
