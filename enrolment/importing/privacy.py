"""Personal data of imports: the rows while they wait, and who brought the file."""

from consent.registry import (
    Basis,
    DataClass,
    Erase,
    Export,
    Field,
    Retention,
    Use,
    each,
    register,
)
from enrolment.importing.models import ClubImport, ImportBatch, ImportRow
from members import merge_registry

_WORK = Field(
    DataClass.WORK,
    Use.SECURITY,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.KEEP,
)


def _row(data_class: DataClass, use: Use = Use.MEMBERSHIP) -> Field:
    return Field(
        data_class, use, Basis.CONTRACT, Retention.MONTH, Export.NO, Erase.DELETE
    )


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        ClubImport,
        {
            **each(_WORK, "id", "public_id", "programme", "staff", "state"),
            **each(_WORK, "file_name", "file_size", "file_hash", "layout", "mapping"),
            **each(_WORK, "rows_read", "bytes_read", "rows", "report", "failure"),
            **each(_WORK, "claim", "beat_at", "created_at", "check_started_at"),
            **each(_WORK, "checked_at", "apply_started_at", "finished_at"),
            **each(_WORK, "file_deleted_at", "rows_deleted_at"),
        },
    )
    register(
        ImportBatch,
        {
            **each(_WORK, "id", "club_import", "first_row", "last_row", "applied_at"),
            **each(_WORK, "created", "changed", "same", "refused"),
        },
    )
    register(
        ImportRow,
        {
            **each(_row(DataClass.KEY), "club_import", "row", "outcome", "member_id"),
            **each(_row(DataClass.CONTACT), "phone", "email", "problems", "raw"),
            **each(_row(DataClass.IDENTITY), "first_name", "last_name", "birthday_on"),
            **each(_row(DataClass.IDENTITY), "postcode", "card", "external_id"),
            **each(_row(DataClass.CHOICE), "language", "store_id", "since"),
            **each(_row(DataClass.PERMISSION, Use.PROOF), "sms_at", "sms_source"),
            **each(_row(DataClass.PERMISSION, Use.PROOF), "email_at", "email_source"),
            **each(_row(DataClass.POINTS, Use.POINTS), "points", "points_until"),
            **each(_row(DataClass.POINTS, Use.POINTS), "points_brought"),
        },
    )
    merge_registry.register_stays(
        ImportRow, "says whom a row of a file was found to be when it was checked"
    )
