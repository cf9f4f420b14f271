"""What the worker runs: each night's letting go, telling silent members by day."""

from datetime import datetime, timedelta
from time import monotonic

from django.utils import timezone

from consent import journal
from consent.models import RetentionRun
from consent.retention import inactivity, runs
from stores.models import Programme

# A task is killed after five minutes; the next one goes on where this one stops.
_LONGEST = 180.0
NIGHT = range(1, 6)
# Messages reach people who are awake.
DAY = range(10, 17)
# A night that was missed is made up for at any hour.
_MISSED_AFTER = timedelta(hours=36)
TASK = "consent.retention.tasks.go_on"


def go_on() -> int:
    """Start the night's runs, and go on with every run under way; return how many."""
    journal.append_left_out()
    now = timezone.now()
    for programme in Programme.objects.order_by("pk"):
        if is_due(programme, now):
            _begin(programme, now)
    started = monotonic()
    under_way = list(
        RetentionRun.objects.filter(state=RetentionRun.State.RUNNING)
        .select_related("programme")
        # What a person waits for comes first.
        .order_by("-is_dry", "started_at")
    )
    for run in under_way:
        if monotonic() - started < _LONGEST:
            runs.go_on(
                run=run,
                now=timezone.now(),
                is_over=lambda: monotonic() - started > _LONGEST,
            )
    return len(under_way)


def tell_inactive() -> int:
    """Tell the members who have been silent for long; return how many."""
    started, told = monotonic(), 0
    for programme in Programme.objects.order_by("pk"):
        now = timezone.now()
        if now.astimezone(programme.zone).hour not in DAY:
            continue
        while monotonic() - started < _LONGEST:
            some = inactivity.tell(programme=programme, now=now)
            told += some
            if not some:
                break
    return told


def is_due(programme: Programme, now: datetime) -> bool:
    """Tell whether it is night in the club and tonight's run has not begun.

    Or long past, where no worker ran at night.
    """
    latest = (
        RetentionRun.objects.filter(programme=programme, is_dry=False)
        .order_by("-started_at")
        .first()
    )
    local = now.astimezone(programme.zone)
    if latest is None:
        return local.hour in NIGHT
    if latest.state == RetentionRun.State.RUNNING:
        return False
    if now - latest.started_at > _MISSED_AFTER:
        return True
    begun_on = latest.started_at.astimezone(programme.zone).date()
    return local.hour in NIGHT and begun_on < local.date()


def next_night(programme: Programme, now: datetime) -> datetime:
    """Return when the next run begins, at the earliest."""
    local = now.astimezone(programme.zone)
    if is_due(programme, now):
        return local
    day = local.date() if local.hour < NIGHT[0] else local.date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, NIGHT[0], tzinfo=programme.zone)


def _begin(programme: Programme, now: datetime) -> None:
    try:
        runs.begin(programme=programme, is_dry=False, staff=None, now=now)
    except runs.AlreadyRunning:
        # Another worker was a moment faster.
        return
