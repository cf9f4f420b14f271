"""What a worker does about imports: check one, or import batches, as long as it may."""

from collections.abc import Callable
from datetime import datetime
from threading import Event

from django.db import transaction

from common.lanes import LANES, side_by_side
from enrolment.importing import applying, checking, files, writing
from enrolment.importing.models import ClubImport, ImportRow

State = ClubImport.State
Clock = Callable[[], datetime]


def run(*, clock: Clock, is_over: Callable[[], bool]) -> bool:
    """Work until there is nothing to do (True) or time is over (False)."""
    while True:
        if is_over():
            return False
        club_import = checking.claim(now=clock())
        if club_import is not None:
            if not checking.check(club_import, clock=clock, is_over=is_over):
                return False
            continue
        club_import = (
            ClubImport.objects.select_related("programme", "staff")
            .filter(state=State.APPLYING)
            .order_by("apply_started_at")
            .first()
        )
        if club_import is None:
            return True
        if not _apply(club_import, clock, is_over):
            return not is_over()


def _apply(club_import: ClubImport, clock: Clock, is_over: Callable[[], bool]) -> bool:
    """Import batches; tell whether another look at what there is to do makes sense."""
    has_failed = Event()

    def lane() -> str:
        """Import batches until there are none, or nothing more may be begun."""
        fault = ""
        try:
            while not has_failed.is_set() and not is_over():
                if not applying.apply_next(club_import, now=clock()):
                    break
        except writing.ClubChanged:
            fault = "changed_often"
        except writing.RowsGone:
            fault = "rows_gone"
        except BaseException:
            # The rows stay as they are, and the job of every minute tries again.
            has_failed.set()
            raise
        if fault:
            has_failed.set()
        return fault

    faults = side_by_side([lane] * LANES)
    if fault := next(filter(None, faults), ""):
        _stop(club_import, fault, clock())
        return True
    done = applying.finish(club_import, now=clock())
    if done is None:
        # Others are still at the last batches, or it was paused, or time is over.
        return not ClubImport.objects.filter(
            pk=club_import.pk, state=State.APPLYING
        ).exists()
    tidy(done, now=clock())
    return True


def _stop(club_import: ClubImport, code: str, now: datetime) -> None:
    """Pause what may go on later; end what cannot."""
    state = State.FAILED if code == "rows_gone" else State.PAUSED
    ClubImport.objects.filter(pk=club_import.pk, state=State.APPLYING).update(
        state=state,
        failure=code,
        finished_at=now if state == State.FAILED else None,
    )


def tidy(club_import: ClubImport, *, now: datetime) -> None:
    """Delete the file and the rows that nobody has to look at any more."""
    with transaction.atomic():
        ImportRow.objects.filter(
            club_import=club_import, problems__isnull=True
        ).delete()
        ClubImport.objects.filter(pk=club_import.pk).update(file_deleted_at=now)
    files.remove(club_import.public_id)
