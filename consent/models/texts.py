"""The words that members agree to: editions, their languages, who is asked again."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from consent.models.ledger import Channel, Purpose
from members.models import Member
from stores.models import Programme, Staff


class Edition(models.Model):
    """A version of a text in all its languages: written, reviewed, published.

    Once published it never changes (a trigger refuses it): a new wording is a new
    edition. Holds no personal data but who wrote and published it.
    """

    class Kind(models.TextChoices):
        TERMS = "TERMS", _("Membership terms")
        CONSENT = "CONSENT", _("Consent text")

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        REVIEW = "REVIEW", _("In review")
        PUBLISHED = "PUBLISHED", _("Published")
        DISCARDED = "DISCARDED", _("Discarded")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="editions"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Empty for terms: terms and permissions are never in one text (GDPR art. 7(2)).
    purpose = models.CharField(max_length=16, choices=Purpose.choices, blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    number = models.PositiveIntegerField()
    state = models.CharField(
        max_length=9, choices=State.choices, default=State.DRAFT, db_default=State.DRAFT
    )
    # What it permits or promises is another thing than before: who agreed to an
    # earlier edition is asked again.
    is_material = models.BooleanField(
        _("changes what members agreed to"), default=False, db_default=False
    )
    # What is new, in plain words, by language; shown to who is asked again.
    changes = models.JSONField(default=dict, blank=True)
    # Of terms: the day they begin to hold for those who were members before.
    holds_from = models.DateField(_("holds from"), null=True, blank=True)
    # A yes that was not renewed by then is no longer built on.
    answer_by = models.DateField(_("answer by"), null=True, blank=True)
    written_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    written_at = models.DateTimeField()
    sent_for_review_at = models.DateTimeField(null=True)
    # Why the reviewer sent it back.
    returned_because = models.TextField(blank=True, default="")
    published_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "kind", "purpose", "channel", "number"],
                name="edition_number_once",
            ),
            models.UniqueConstraint(
                fields=["programme", "kind", "purpose", "channel"],
                condition=Q(state__in=["DRAFT", "REVIEW"]),
                name="edition_one_in_work",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="TERMS", purpose="", channel="")
                    | (Q(kind="CONSENT") & ~Q(purpose="") & ~Q(channel=""))
                ),
                name="edition_never_mixes_terms_and_consent",
            ),
            models.CheckConstraint(
                condition=Q(state="PUBLISHED", published_at__isnull=False)
                | (~Q(state="PUBLISHED") & Q(published_at__isnull=True)),
                name="edition_published_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.purpose} {self.channel} {self.number}".strip()


class Text(models.Model):
    """The wording of an edition in one language; frozen with it. No personal data."""

    Kind = Edition.Kind

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="texts"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Empty for terms: terms and permissions are never in one text (GDPR art. 7(2)).
    purpose = models.CharField(max_length=16, choices=Purpose.choices, blank=True)
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="texts")
    # The number of its edition.
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=2)
    title = models.CharField(max_length=120)
    body = models.TextField()
    text_hash = models.BinaryField(max_length=32)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "programme",
                    "kind",
                    "purpose",
                    "channel",
                    "version",
                    "language",
                ],
                name="text_version_once_per_language",
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(kind="TERMS", purpose="", channel="")
                    | (
                        models.Q(kind="CONSENT")
                        & ~models.Q(purpose="")
                        & ~models.Q(channel="")
                    )
                ),
                name="text_never_mixes_terms_and_consent",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Renewal(models.Model):
    """A member who agreed to an earlier edition and is asked about a new one.

    Personal data: what a member was asked, and the answer.
    """

    class Outcome(models.TextChoices):
        OPEN = "OPEN", _("Not answered yet")
        YES = "YES", _("Agreed")
        NO = "NO", _("Said no")
        EXPIRED = "EXPIRED", _("Did not answer in time")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="renewals"
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    outcome = models.CharField(
        max_length=7,
        choices=Outcome.choices,
        default=Outcome.OPEN,
        db_default=Outcome.OPEN,
    )
    # When a message told them; null while only the member's pages ask.
    told_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "edition"], name="renewal_once_per_member"
            )
        ]
        indexes = [
            models.Index(
                fields=["edition", "member"],
                condition=Q(outcome="OPEN"),
                name="renewal_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} {self.outcome}"
