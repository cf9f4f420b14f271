"""What the worker runs for replays: a task only wakes, the rows say what is to do."""

from time import monotonic

from django.utils import timezone
from django_q.tasks import async_task

from purchases.replay import services, work

# A task is killed after five minutes; the next one goes on where this one stops.
_LONGEST = 180.0


def run() -> bool:
    """Work off parts of replays; tell whether all of them are done."""
    started = monotonic()

    def is_over() -> bool:
        return monotonic() - started > _LONGEST

    is_done = work.run(clock=timezone.now, is_over=is_over)
    if not is_done:
        async_task(services.TASK)
    return is_done
