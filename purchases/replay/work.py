"""What a worker does about replays: make the parts, work them off, add them up.

Any number of workers share a replay. A part is worked off in a transaction that holds
its row: a worker that dies lets go of it, and another one takes it up at once.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from django.db import connection, transaction
from django.db.models import F

from common.periods import start_of_day
from points.reading import Unreadable
from purchases.replay import outcome, services, sums
from purchases.replay.models import Replay, ReplayPart
from purchases.replay.parts import Changed, Trial

Clock = Callable[[], datetime]
State = Replay.State
# Receipts of a part: some tenths of a second. Members without any weigh a tenth.
PART = 4000
# After so many starts without an end something is wrong with it.
MOST_ATTEMPTS = 4
# How often a worker looks whether the replay was called off.
_LOOK_EVERY = 0.3

_log = logging.getLogger(__name__)

_PLAN = """
INSERT INTO purchases_replaypart
    (replay_id, number, first_member, after_member, receipts, attempts)
SELECT %(replay)s, p.bucket, min(p.id), max(p.id) + 1, sum(p.receipts), 0
FROM (
    SELECT m.id, coalesce(r.receipts, 0) AS receipts,
        div(sum(coalesce(r.receipts, 0) * 10 + 1) OVER (ORDER BY m.id) - 1,
            %(size)s * 10)::integer AS bucket
    FROM members_member m
    LEFT JOIN (
        SELECT r.member_id, count(*) AS receipts FROM purchases_receipt r
        WHERE r.programme_id = %(programme)s AND r.member_id IS NOT NULL
            AND r.purchased_at >= %(begins)s AND r.purchased_at < %(ends)s
        GROUP BY r.member_id) r ON r.member_id = m.id
    WHERE m.programme_id = %(programme)s
) p GROUP BY p.bucket
"""
_NEXT = """
UPDATE purchases_replaypart SET attempts = attempts + 1
WHERE id = (
    SELECT p.id FROM purchases_replaypart p
    WHERE p.replay_id = %s AND p.sums IS NULL
    ORDER BY p.number LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, attempts
"""


class CalledOff(Exception):
    """Raised within a part when its replay was called off."""


class OutOfTime(Exception):
    """Raised within a part when the worker's time is over."""


def run(*, clock: Clock, is_over: Callable[[], bool]) -> bool:
    """Work until there is nothing to do (True) or time is over (False)."""
    while not is_over():
        replay = (
            Replay.objects.filter(state__in=[State.WAITING, State.RUNNING])
            .select_related("programme", "beside")
            .order_by("asked_at")
            .first()
        )
        if replay is None:
            services.forget_parts()
            return True
        try:
            if replay.state == State.WAITING and not _plan(replay, clock()):
                if _still_waits(replay):
                    # Another worker plans it, and will work it off.
                    return True
                continue
            if not _work_off(replay, clock, is_over):
                # Others are at the last parts, and add up when they have them.
                return not is_over()
        except (Unreadable, Changed) as error:
            unread = isinstance(error, Unreadable)
            code = Replay.Failure.UNREADABLE if unread else Replay.Failure.GONE
            _fail(replay, code, clock())
    return False


def _plan(replay: Replay, now: datetime) -> bool:
    """Make the parts of a waiting replay, unless another worker does."""
    with transaction.atomic():
        locked = (
            Replay.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=replay.pk, state=State.WAITING)
            .select_related("programme")
            .first()
        )
        if locked is None:
            return Replay.objects.filter(pk=replay.pk, state=State.RUNNING).exists()
        zone = locked.programme.zone
        with connection.cursor() as cursor:
            cursor.execute(
                _PLAN,
                {
                    "replay": locked.pk,
                    "size": PART,
                    "programme": locked.programme_id,
                    "begins": start_of_day(locked.from_month, zone),
                    "ends": start_of_day(locked.until_month, zone),
                },
            )
        locked.state = State.RUNNING
        locked.begun_at = now
        locked.total = sum(locked.parts.values_list("receipts", flat=True))
        locked.save(update_fields=["state", "begun_at", "total"])
    return True


def _still_waits(replay: Replay) -> bool:
    return Replay.objects.filter(pk=replay.pk, state=State.WAITING).exists()


def _work_off(replay: Replay, clock: Clock, is_over: Callable[[], bool]) -> bool:
    """Work off parts until none is free; tell whether the replay is over."""
    trial = Trial(replay)
    while not is_over():
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, [replay.pk])
            found = cursor.fetchone()
        if found is None:
            return _finish(replay, clock())
        part_id, attempts = found
        if attempts > MOST_ATTEMPTS:
            _fail(replay, Replay.Failure.STOPPED, clock())
            return True
        try:
            _do(trial, replay, part_id, is_over)
        except CalledOff:
            services.forget_parts()
            return True
        except OutOfTime:
            return False
        except (Unreadable, Changed):
            raise
        except Exception:  # noqa: BLE001 - tried again, by whoever comes first
            _log.exception("A part of replay %s failed", replay.public_id)
    return False


def _do(
    trial: Trial, replay: Replay, part_id: int, is_over: Callable[[], bool]
) -> None:
    looked = monotonic()

    def beat() -> None:
        nonlocal looked
        if monotonic() - looked < _LOOK_EVERY:
            return
        looked = monotonic()
        if is_over():
            raise OutOfTime
        if not Replay.objects.filter(pk=replay.pk, state=State.RUNNING).exists():
            raise CalledOff

    with transaction.atomic():
        part = (
            ReplayPart.objects.select_for_update(skip_locked=True)
            .filter(pk=part_id, sums__isnull=True)
            .first()
        )
        if part is None:
            return
        part.sums = trial.sum_part(part, beat)
        part.save(update_fields=["sums"])
        counted = Replay.objects.filter(pk=replay.pk, state=State.RUNNING).update(
            done=F("done") + part.receipts
        )
        if not counted:
            raise CalledOff


def _finish(replay: Replay, now: datetime) -> bool:
    """Add the parts up when all are there; tell whether the replay is over."""
    with transaction.atomic():
        locked = (
            Replay.objects.select_for_update(of=("self",))
            .filter(pk=replay.pk, state=State.RUNNING)
            .select_related("programme", "rule", "beside")
            .first()
        )
        if locked is None:
            return True
        parts = list(locked.parts.order_by("number").values_list("sums", flat=True))
        if any(each is None for each in parts):
            return False
        total = None
        for each in parts:
            total = each if total is None else sums.add(total, each)
        locked.result = outcome.of(locked, total)
        locked.state = State.DONE
        locked.done = locked.total or 0
        locked.ended_at = now
        locked.save(update_fields=["result", "state", "done", "ended_at"])
        locked.parts.all().delete()
    return True


def _fail(replay: Replay, code: str, now: datetime) -> None:
    Replay.objects.filter(pk=replay.pk, state=State.RUNNING).update(
        state=State.FAILED, failure=code, ended_at=now
    )
