"""Runs: count what is past its time, then let it go in batches.

A run is a row, and so is each kind in it. Every batch is a transaction that lets rows
go and counts them; whoever takes the run up again goes on where it stands.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Max

from consent.models import RetentionCount, RetentionRun
from consent.retention import inactivity
from consent.retention.kinds import Due, Kind, kinds
from consent.retention.periods import before, period_of
from stores import audit
from stores.models import Programme, Staff

logger = logging.getLogger(__name__)

State = RetentionRun.State
IsOver = Callable[[], bool]

BATCH = 2000
CONFIRMED = "retention.confirmed"
STARTED = "retention.started"
# Of a kind's rows, and against the most that one of the last nights found.
_LARGE_SHARE = 10
_TIMES_USUAL = 3
_NIGHTS = 14
# Names our locks among the advisory ones.
_LOCK = 7_401


class AlreadyRunning(Exception):
    """Raised when the club has such a run under way."""


class _Busy(Exception):
    """Raised inside when another worker is at this club's run."""


def begin(
    *, programme: Programme, is_dry: bool, staff: Staff | None, now: datetime
) -> RetentionRun:
    """Start a run, which `go_on` then carries out.

    Raises:
        AlreadyRunning: the club has one under way.
    """
    try:
        with transaction.atomic():
            run = RetentionRun.objects.create(
                programme=programme,
                is_dry=is_dry,
                state=State.RUNNING,
                started_at=now,
                started_by=staff,
            )
            if not is_dry:
                # What nobody has confirmed is counted anew.
                RetentionRun.objects.filter(
                    programme=programme, state=State.HELD
                ).exclude(pk=run.pk).update(state=State.DONE)
            if staff is not None:
                audit.record(
                    programme=programme,
                    actor=staff,
                    action=STARTED,
                    now=now,
                    subject=f"retention:{run.public_id}",
                    data={"is_dry": is_dry},
                )
    except IntegrityError as error:
        raise AlreadyRunning from error
    return run


def dry_run(
    *, programme: Programme, now: datetime, staff: Staff | None
) -> RetentionRun:
    """Count what is past its time and change nothing.

    Raises:
        AlreadyRunning: the club is being counted.
    """
    run = begin(programme=programme, is_dry=True, staff=staff, now=now)
    return go_on(run=run, now=now)


def run(*, programme: Programme, now: datetime, staff: Staff | None) -> RetentionRun:
    """Count what is past its time, and let it go.

    Raises:
        AlreadyRunning: the club has a run under way.
    """
    started = begin(programme=programme, is_dry=False, staff=staff, now=now)
    return go_on(run=started, now=now)


def _never() -> bool:
    return False


def go_on(
    *,
    run: RetentionRun,
    now: datetime,
    is_over: IsOver = _never,
    batch: int = BATCH,
) -> RetentionRun:
    """Carry a run out from where it stands, until it ends or the time is over.

    A kind that fails is left behind with an error and the others go on; the next
    night tries it again. Does nothing while another worker is at it.
    """
    try:
        failed = _count_all(run, now, is_over)
        if not run.is_dry:
            failed += _let_go_all(run, now, is_over, batch)
        if not is_over():
            _end(run, now, failed)
    except _Busy:
        pass
    run.refresh_from_db()
    return run


def confirm(*, run: RetentionRun, kind: str, staff: Staff, now: datetime) -> None:
    """Let a run go on with a kind of which it had found far more than usual."""
    with transaction.atomic():
        RetentionRun.objects.select_for_update().get(pk=run.pk)
        found = RetentionCount.objects.filter(
            run=run, kind=kind, is_held=True, confirmed_at=None
        )
        if not found.update(confirmed_at=now, confirmed_by=staff):
            return
        audit.record(
            programme=run.programme,
            actor=staff,
            action=CONFIRMED,
            now=now,
            subject=f"retention:{kind}",
            data={"run": str(run.public_id)},
        )
        # Not while tonight's is under way: that one counts and asks for itself.
        is_other = RetentionRun.objects.filter(
            programme=run.programme, is_dry=False, state=State.RUNNING
        ).exists()
        if not is_other:
            RetentionRun.objects.filter(pk=run.pk, state=State.HELD).update(
                state=State.RUNNING, ended_at=None
            )
    run.refresh_from_db()


def _count_all(run: RetentionRun, now: datetime, is_over: IsOver) -> list[str]:
    counted = set(run.counts.values_list("kind", flat=True))
    failed = []
    for kind in kinds():
        if is_over():
            break
        if kind.key in counted:
            continue
        try:
            with transaction.atomic():
                _lock(run)
                _count(run, kind, now)
        except _Busy:
            raise
        except Exception as error:
            logger.exception("counting %s failed", kind.key)
            failed.append(f"{kind.key}: {type(error).__name__}")
    return failed


def _count(run: RetentionRun, kind: Kind, now: datetime) -> None:
    days = period_of(run.programme, kind).days
    # By the hour the run began at: a run that is taken up later looks no further.
    due = Due(run.programme, before(kind, days, run.programme, run.started_at), now)
    found = kind.count(due)
    # Another worker may have counted it a moment ago.
    RetentionCount.objects.get_or_create(
        run=run,
        kind=kind.key,
        defaults={
            "days": days,
            "before": due.before,
            "found": found,
            "is_held": not run.is_dry and _is_far_more(run, kind, found),
            "ended_at": now if run.is_dry or not found else None,
        },
    )


def _is_far_more(run: RetentionRun, kind: Kind, found: int) -> bool:
    """Tell whether a person should look before so much is let go.

    A period set too short, a clock that is wrong, an import of old dates: what goes
    does not come back.
    """
    if kind.is_routine or found <= settings.RETENTION_HOLD_ROWS:
        return False
    usual = RetentionCount.objects.filter(
        run__in=RetentionRun.objects.filter(
            programme=run.programme, is_dry=False, state=State.DONE
        )
        .order_by("-started_at")
        .values("pk")[:_NIGHTS],
        kind=kind.key,
    ).aggregate(most=Max("done"))["most"]
    if usual and found <= usual * _TIMES_USUAL:
        return False
    return not _has_rows(kind.model, found * _LARGE_SHARE)


def _has_rows(model: type[models.Model], number: int) -> bool:
    """Tell whether a table has so many rows, without counting more than those."""
    return model._base_manager.all()[:number].count() >= number


def _let_go_all(
    run: RetentionRun, now: datetime, is_over: IsOver, batch: int
) -> list[str]:
    failed = []
    for kind in kinds():
        try:
            while not is_over() and _let_go(run, kind, now, batch):
                pass
        except _Busy:
            raise
        except Exception as error:
            logger.exception("letting %s go failed", kind.key)
            failed.append(f"{kind.key}: {type(error).__name__}")
    return failed


class _MoreThanCounted(Exception):
    """Raised when more would go than was found: something else is happening."""


def _let_go(run: RetentionRun, kind: Kind, now: datetime, batch: int) -> bool:
    """Let one batch go; tell whether there may be more."""
    with transaction.atomic():
        _lock(run)
        counted = run.counts.filter(kind=kind.key, ended_at=None).first()
        if counted is None or (counted.is_held and counted.confirmed_at is None):
            return False
        due = Due(run.programme, counted.before, now)
        gone = kind.prune(due, batch)
        if not gone:
            run.counts.filter(pk=counted.pk).update(ended_at=now)
            return False
        if counted.done + gone > counted.found + batch:
            raise _MoreThanCounted(kind.key)
        run.counts.filter(pk=counted.pk).update(done=F("done") + gone)
    return True


def _end(run: RetentionRun, now: datetime, failed: list[str]) -> None:
    with transaction.atomic():
        _lock(run)
        waits = run.counts.filter(is_held=True, confirmed_at=None).exists()
        ended = State.HELD if waits else State.DONE
        state = State.FAILED if failed else ended
        forecast = inactivity.forecast(run.programme, now=now)
        RetentionRun.objects.filter(pk=run.pk, state=State.RUNNING).update(
            state=state,
            ended_at=now,
            error="; ".join(failed)[:200],
            forecast=forecast.as_json(),
        )


def _lock(run: RetentionRun) -> None:
    """Be the only one at this club's run until the transaction ends.

    For a transaction and not for a connection, so that it also holds behind a pooler.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s)",
            [_LOCK + run.is_dry, run.programme_id % 2**31],
        )
        if not cursor.fetchone()[0]:
            raise _Busy
    is_open = RetentionRun.objects.filter(pk=run.pk, state=State.RUNNING).exists()
    if not is_open:
        raise _Busy
