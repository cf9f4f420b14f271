"""Ask for a replay, and call it off."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from common.periods import add_months, local_day
from points.books.liability import assumption_at
from points.models import EarningRule
from points.selectors import find_rule
from purchases.replay.models import Replay, ReplayPart
from purchases.replay.selectors import digest_of
from stores.models import Staff

State = Replay.State
TASK = "purchases.replay.tasks.run"
MONTHS = (12, 18, 24)
# Two workers share the parts where there are two.
LANES = 2


class AlreadyRunning(Exception):
    """Raised when a replay of the programme is under way."""


class IsOver(Exception):
    """Raised when a replay that is to be called off has ended."""


def start_replay(
    *, rule: EarningRule, months: int, staff: Staff | None, now: datetime
) -> Replay:
    """Have a version tried on the receipts of the last months, this one included.

    Raises:
        AlreadyRunning: one of the programme is under way.
        ValueError: so many months are not replayed.
    """
    if months not in MONTHS:
        message = f"{months} months"
        raise ValueError(message)
    programme = rule.programme
    first, after = period_of(now, months, rule)
    in_force = find_rule(programme_id=programme.pk, at=now)
    assumption = assumption_at(programme, now + timedelta(days=1))
    try:
        with transaction.atomic():
            replay: Replay = Replay.objects.create(
                programme=programme,
                rule=rule,
                digest=digest_of(rule),
                beside_id=in_force.id if in_force else None,
                from_month=first,
                until_month=after,
                used_share=assumption.used_share if assumption else None,
                started_by=staff,
                asked_at=now,
            )
            transaction.on_commit(wake, robust=True)
    except IntegrityError as error:
        raise AlreadyRunning from error
    return replay


def period_of(now: datetime, months: int, rule: EarningRule) -> tuple[date, date]:
    """Return the first day of the first month, and of the one after this month."""
    after = add_months(local_day(now, rule.programme.zone).replace(day=1), 1)
    return add_months(after, -months), after


def cancel_replay(*, replay: Replay, now: datetime) -> None:
    """Call a replay off; its workers notice within a second.

    Raises:
        IsOver: it has ended.
    """
    with transaction.atomic():
        called_off = Replay.objects.filter(
            pk=replay.pk, state__in=[State.WAITING, State.RUNNING]
        ).update(state=State.CANCELLED, ended_at=now)
        if not called_off:
            raise IsOver


def wake() -> None:
    """Have workers look for replays."""
    for _lane in range(LANES):
        async_task(TASK)


def forget_parts() -> int:
    """Delete what is left of replays that were called off or failed."""
    over = [State.CANCELLED, State.FAILED, State.DONE]
    return ReplayPart.objects.filter(replay__state__in=over).delete()[0]
