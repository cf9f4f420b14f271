"""An import, its batches, and the rows of its file as they were understood."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from stores.models import Programme, Staff


class ClubImport(models.Model):
    """A file with the members of an existing club, from upload to the last row.

    Personal data: who uploaded it; the file itself is kept until it is imported, and
    for seven days at most.
    """

    class State(models.TextChoices):
        NEW = "NEW", _("Being prepared")
        CHECKING = "CHECKING", _("Being checked")
        CHECKED = "CHECKED", _("Checked")
        APPLYING = "APPLYING", _("Importing")
        PAUSED = "PAUSED", _("Paused")
        DONE = "DONE", _("Imported")
        CANCELLED = "CANCELLED", _("Cancelled")
        FAILED = "FAILED", _("Failed")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.NEW)

    # THE FILE
    # As the person called it; on disk it has a name of ours.
    file_name = models.CharField(max_length=120)
    file_size = models.BigIntegerField()
    file_hash = models.BinaryField(max_length=32)
    # Format, encoding, delimiter, sheet, whether the first row holds the headings.
    layout = models.JSONField(default=dict)
    # What each column holds, and how dates are written.
    mapping = models.JSONField(default=dict)

    # HOW FAR IT IS
    # Rows of the file that have been read, headings and empty ones included.
    rows_read = models.PositiveIntegerField(default=0)
    # Bytes of the file behind them, for the bar.
    bytes_read = models.BigIntegerField(default=0)
    # Rows that hold something.
    rows = models.PositiveIntegerField(default=0)
    # Counts of the dry run: by outcome, and by code of error or warning.
    report = models.JSONField(default=dict)
    failure = models.CharField(max_length=32, blank=True, db_default="")
    # Who is reading the file; another may take over when the beat stops.
    claim = models.UUIDField(null=True)
    beat_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField()
    check_started_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    apply_started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    file_deleted_at = models.DateTimeField(null=True)
    rows_deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["programme", "-created_at", "-id"], name="clubimport_newest"
            ),
            models.Index(
                fields=["state"],
                condition=Q(state__in=["CHECKING", "APPLYING"]),
                name="clubimport_at_work",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class ImportBatch(models.Model):
    """Some thousand rows of an import, which take effect together or not at all."""

    club_import = models.ForeignKey(
        ClubImport, on_delete=models.CASCADE, related_name="batches", db_index=False
    )
    first_row = models.PositiveIntegerField()
    last_row = models.PositiveIntegerField()
    applied_at = models.DateTimeField(null=True)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["club_import", "first_row"], name="importbatch_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_row}–{self.last_row}"


class ImportRow(models.Model):
    """A row of the file as it was understood, and what is to come of it.

    The table is not logged: its rows are in no backup, and whoever restores one does
    not bring them back. Personal data: all that the file says about a person; deleted
    when the row has been imported, otherwise thirty days after the import.
    """

    class Outcome(models.TextChoices):
        NEW = "NEW", _("New member")
        SAME = "SAME", _("Known, nothing to change")
        CHANGED = "CHANGED", _("Known, to be changed")
        REFUSED = "REFUSED", _("Refused")

    pk = models.CompositePrimaryKey("club_import", "row")
    club_import = models.ForeignKey(
        ClubImport,
        on_delete=models.DO_NOTHING,
        related_name="+",
        # Written a million at a time, and deleted by us.
        db_constraint=False,
        db_index=False,
    )
    # As a spreadsheet numbers it.
    row = models.PositiveIntegerField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    # The member it was found to be. No foreign key, see above.
    member_id = models.BigIntegerField(null=True)
    phone = models.CharField(max_length=16)
    email = models.CharField(max_length=254)
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    birthday_on = models.DateField(null=True)
    postcode = models.CharField(max_length=10)
    language = models.CharField(max_length=2)
    store_id = models.BigIntegerField(null=True)
    card = models.CharField(max_length=32)
    external_id = models.CharField(max_length=128)
    since = models.DateTimeField(null=True)
    # When and where each permission was given; empty without one.
    sms_at = models.DateTimeField(null=True)
    sms_source = models.CharField(max_length=120)
    email_at = models.DateTimeField(null=True)
    email_source = models.CharField(max_length=120)
    # What they bring along, and until when it lasts, if the file says so.
    points = models.IntegerField(null=True)
    points_until = models.DateField(null=True)
    # What they brought in an import before: then no more is taken over.
    points_brought = models.IntegerField(null=True)
    # Errors and warnings: [{"code", "field", "value", "other"}], null without any.
    problems = models.JSONField(null=True)
    # The cells as they came, kept for those that are to be put right.
    raw = ArrayField(models.TextField(), null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["club_import", "row"],
                condition=Q(problems__isnull=False),
                name="importrow_with_problems",
            ),
        ]

    def __str__(self) -> str:
        return str(self.row)
