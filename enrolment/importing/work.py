"""What a worker does about imports: check one, or import batches, as long as it may."""

from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from django.db import connection, transaction

from enrolment.importing import applying, checking, files
from enrolment.importing.models import ClubImport, ImportRow

State = ClubImport.State
Clock = Callable[[], datetime]
# Batches that are written at the same time: one keeps one core of the database busy.
LANES = 2


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
    lanes = _Lanes(club_import, clock, is_over)
    lanes.run()
    if lanes.error is not None:
        # The rows stay as they are, and the job of every minute tries again.
        raise lanes.error
    if lanes.fault:
        _stop(club_import, lanes.fault, clock())
        return True
    done = applying.finish(club_import, now=clock())
    if done is None:
        # Others are still at the last batches, or it was paused, or time is over.
        return not ClubImport.objects.filter(
            pk=club_import.pk, state=State.APPLYING
        ).exists()
    tidy(done, now=clock())
    return True


class _Lanes:
    """Imports batches side by side until there are none, one fails, or time is over."""

    def __init__(
        self, club_import: ClubImport, clock: Clock, is_over: Callable[[], bool]
    ) -> None:
        self.fault = ""
        self.error: BaseException | None = None
        self._import = club_import
        self._clock = clock
        self._is_over = is_over
        self._stop = Event()

    def run(self) -> None:
        """Run every lane to its end."""
        if connection.in_atomic_block:
            # Another connection would not see what this transaction has not committed.
            self._lane()
            return
        lanes = [Thread(target=self._lane_of_its_own) for _ in range(LANES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _lane_of_its_own(self) -> None:
        try:
            self._lane()
        finally:
            connection.close()

    def _lane(self) -> None:
        try:
            while not self._stop.is_set() and not self._is_over():
                if not applying.apply_next(self._import, now=self._clock()):
                    return
        except applying.ClubChanged:
            self._end("changed_often")
        except applying.RowsGone:
            self._end("rows_gone")
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            self.error = error
            self._end("")

    def _end(self, fault: str) -> None:
        self.fault = self.fault or fault
        self._stop.set()


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
