"""The import itself: batches of rows made members, each in one transaction.

A batch is claimed by a lock on its row and marked in the transaction that writes its
members, so that it takes effect once whoever is killed when. What a batch writes is
decided: should a till have registered one of its numbers meanwhile, a unique index
says so, and the batch is matched anew.
"""

from datetime import datetime

from django.db import IntegrityError, OperationalError, connection, transaction

from enrolment.importing import bringing, mapping, matching
from enrolment.importing.checking import keep_raw
from enrolment.importing.models import ClubImport, ImportBatch, ImportRow
from enrolment.importing.writing import Batch, ClubChanged

State = ClubImport.State
Outcome = ImportRow.Outcome
_TRIES = 6
# A crash loses at most what the next run does again; a till is not kept waiting.
# The rows of a batch are estimated high, and compiling takes longer than it spares.
_SET_LOCAL = (
    "SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '2s';"
    " SET LOCAL jit = off"
)
_NEXT = """
SELECT b.id FROM enrolment_importbatch b
JOIN enrolment_clubimport i ON i.id = b.club_import_id AND i.state = 'APPLYING'
WHERE b.applied_at IS NULL AND b.club_import_id = %s
ORDER BY b.first_row LIMIT 1 FOR UPDATE OF b SKIP LOCKED
"""
_THIS = """
SELECT b.id FROM enrolment_importbatch b
JOIN enrolment_clubimport i ON i.id = b.club_import_id AND i.state = 'APPLYING'
WHERE b.applied_at IS NULL AND b.id = %s FOR UPDATE OF b SKIP LOCKED
"""
_ANALYZE = (
    "ANALYZE members_member, members_identifier, members_event, "
    "enrolment_registration, consent_consententry"
)


def apply_next(club_import: ClubImport, *, now: datetime) -> bool:
    """Import the next batch that nobody is at; False when there is none to take.

    Raises:
        ClubChanged: the rows were other ones at every try.
        RowsGone: the database has lost them.
    """
    batch_id = _apply(club_import, _NEXT, club_import.pk, now, anew=False)
    if batch_id is None or batch_id > 0:
        return batch_id is not None
    matching.learn_the_club()
    for _try in range(_TRIES):
        done = _apply(club_import, _THIS, -batch_id, now, anew=True)
        if done is None or done > 0:
            # None: another worker has done it meanwhile.
            return True
    raise ClubChanged


def finish(club_import: ClubImport, *, now: datetime) -> ClubImport | None:
    """End an import all of whose batches are done; None while some are not.

    Who does the last batch ends the import. One who looks at the same moment, and still
    sees that batch as not done, is waited for: passed by, each would leave it to the
    other.
    """
    with transaction.atomic():
        current = (
            ClubImport.objects.select_for_update(of=("self",))
            .select_related("programme", "staff")
            .filter(pk=club_import.pk, state=State.APPLYING)
            .first()
        )
        if current is None or current.batches.filter(applied_at=None).exists():
            return None
        late = set(
            ImportRow.objects.filter(
                club_import=current, outcome=Outcome.REFUSED, raw=None
            ).values_list("row", flat=True)
        )
        if late:
            keep_raw(current, late)
        answers = mapping.from_json(current.mapping)
        applied = matching.summarize(current, answers, at=now)
        current.report = {**current.report, "applied": applied}
        current.state = State.DONE
        current.finished_at = now
        current.save(update_fields=["report", "state", "finished_at"])
    with connection.cursor() as cursor:
        cursor.execute(_ANALYZE)
    if answers.bring_points:
        bringing.learn_the_ledger()
    return current


def _apply(
    club_import: ClubImport, which: str, key: int, now: datetime, *, anew: bool
) -> int | None:
    """Import one batch: its id when it is done, negative when it must be matched anew.

    None when there is no such batch to be done.
    """
    batch: ImportBatch | None = None
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_SET_LOCAL)
                cursor.execute(which, [key])
                found = cursor.fetchone()
            if found is None:
                return None
            batch = ImportBatch.objects.get(pk=found[0])
            counts = Batch(club_import, batch, now).write(anew=anew)
            ImportBatch.objects.filter(pk=batch.pk).update(
                applied_at=now,
                created=counts.created,
                changed=counts.changed,
                same=counts.same,
                refused=counts.refused,
            )
    except (IntegrityError, OperationalError, ClubChanged):
        if batch is None:
            raise
        return -batch.pk
    return batch.pk
