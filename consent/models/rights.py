"""What members ask for of their rights, and how the club answered."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.ids import uuid7
from members.models import Member
from stores.models import Programme, Staff


class RightsRequest(models.Model):
    """A request under GDPR art. 15-21, with its deadline, proof and answer.

    Personal data: who asked for what, and what was answered.
    """

    class Kind(models.TextChoices):
        ACCESS = "ACCESS", _("A copy of the data")
        PORTABILITY = "PORTABILITY", _("The data to take along")
        RECTIFICATION = "RECTIFICATION", _("A correction")
        OBJECTION = "OBJECTION", _("An objection")
        RESTRICTION = "RESTRICTION", _("A restriction")
        ERASURE = "ERASURE", _("Erasure")

    class State(models.TextChoices):
        # Nobody has shown yet that it is the member who asks.
        UNPROVEN = "UNPROVEN", _("Waits for proof of who asks")
        OPEN = "OPEN", pgettext_lazy("of a case", "Open")
        # An erasure in its cooling-off time.
        COOLING = "COOLING", _("Can still be taken back")
        DONE = "DONE", _("Done")
        REFUSED = "REFUSED", _("Refused")
        CANCELLED = "CANCELLED", _("Taken back")

    class Source(models.TextChoices):
        PORTAL = "PORTAL", _("Member's pages")
        LETTER = "LETTER", _("Letter")
        EMAIL = "EMAIL", _("E-mail")
        PHONE = "PHONE", _("Phone call")
        STORE = "STORE", _("Store")

    class Proof(models.TextChoices):
        CODE = "CODE", _("Code to a known number or address")
        SIGNED_IN = "SIGNED_IN", _("Signed in and confirmed with a code")
        SEEN = "SEEN", _("Seen by staff")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="rights_requests"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="rights_requests"
    )
    kind = models.CharField(max_length=13, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices)
    source = models.CharField(max_length=7, choices=Source.choices)
    # What the member wrote or said, in their words.
    words = models.TextField(_("what was asked"), blank=True, default="")
    received_at = models.DateTimeField()
    # One month, and two more if they are told why within the first (art. 12(3)).
    due_at = models.DateTimeField()
    extended_at = models.DateTimeField(null=True)
    extended_because = models.TextField(blank=True, default="")
    proof = models.CharField(
        max_length=9, choices=Proof.choices, blank=True, default=""
    )
    proven_at = models.DateTimeField(null=True)
    # Not before this moment is an erasure carried out.
    erase_at = models.DateTimeField(null=True)
    handled_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    answer = models.TextField(blank=True, default="")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind"],
                condition=Q(state__in=["UNPROVEN", "OPEN", "COOLING"]),
                name="rightsrequest_one_open_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["DONE", "REFUSED", "CANCELLED"], closed_at__isnull=False
                )
                | Q(state__in=["UNPROVEN", "OPEN", "COOLING"], closed_at__isnull=True),
                name="rightsrequest_closed_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="COOLING")
                | Q(kind="ERASURE", erase_at__isnull=False),
                name="rightsrequest_cooling_is_of_erasure",
            ),
            models.CheckConstraint(
                # Nothing is given out or erased before it is known who asks.
                condition=Q(state__in=["UNPROVEN", "REFUSED", "CANCELLED"])
                | Q(proven_at__isnull=False),
                name="rightsrequest_done_is_proven",
            ),
            models.CheckConstraint(
                condition=Q(extended_at__isnull=True) | ~Q(extended_because=""),
                name="rightsrequest_extended_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["programme", "due_at"],
                condition=Q(closed_at__isnull=True),
                name="rightsrequest_open_by_due",
            ),
            models.Index(
                fields=["programme", "-received_at"], name="rightsrequest_latest"
            ),
            models.Index(
                fields=["erase_at"],
                condition=Q(state="COOLING"),
                name="rightsrequest_cooling",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class RightsStep(models.Model):
    """One step in the handling of a request: append-only (a trigger).

    Personal data: what was done about what a member asked.
    """

    class Kind(models.TextChoices):
        RECEIVED = "RECEIVED", _("Received")
        PROVEN = "PROVEN", _("Who asks was proven")
        EXTENDED = "EXTENDED", _("Time was extended")
        NOTE = "NOTE", _("Note")
        ANSWERED = "ANSWERED", _("Answered")
        DOWNLOADED = "DOWNLOADED", _("Copy fetched")
        DONE = "DONE", _("Done")
        REFUSED = "REFUSED", _("Refused")
        CANCELLED = "CANCELLED", _("Taken back")

    request = models.ForeignKey(
        RightsRequest, on_delete=models.CASCADE, related_name="steps"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    # Null where the member or a job acted.
    staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    note = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["request", "at"], name="rightsstep_in_order")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.kind}"


class AnswerTemplate(models.Model):
    """Words that answer a kind of request, in one language. No personal data."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=13, choices=RightsRequest.Kind.choices)
    language = models.CharField(max_length=2)
    title = models.CharField(_("name"), max_length=80)
    body = models.TextField(_("text"))
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "kind", "language", "title"],
                name="answertemplate_named_once",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Erasure(models.Model):
    """That a member was erased, and when: what a restored backup is checked against.

    Names nobody: the public id led to a person only while the row was theirs.
    """

    class Reason(models.TextChoices):
        REQUEST = "REQUEST", _("The member asked")
        DESK = "DESK", _("The desk, for the member")
        INACTIVE = "INACTIVE", _("Long inactive")
        UNFINISHED = "UNFINISHED", _("Registration never finished")
        REPLAY = "REPLAY", _("Again, after a restore")

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    member_id = models.UUIDField()
    at = models.DateTimeField()
    reason = models.CharField(max_length=10, choices=Reason.choices)
    # Written to the journal outside the database.
    journaled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member_id"], name="erasure_once")
        ]
        indexes = [
            models.Index(fields=["programme", "-at"], name="erasure_latest"),
            models.Index(
                fields=["id"],
                condition=Q(journaled_at__isnull=True),
                name="erasure_not_journaled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}"
