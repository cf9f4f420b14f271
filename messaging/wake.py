"""Wake a worker: one task, however many messages wait for it."""

from django.core.cache import cache
from django.db import transaction
from django_q.tasks import async_task

_ASKED = "messaging.wake"
# Should the mark outlive its task, the job of every minute sends meanwhile.
_FORGET_AFTER = 60


def ask_on_commit() -> None:
    """Have what this transaction queued sent as soon as it is committed."""
    transaction.on_commit(_ask_to_send, robust=True)


def _ask_to_send() -> None:
    # By name: Django cannot say which `partial` has failed, and would fail itself.
    ask("messaging.tasks.send")


def ask(task: str) -> None:
    """Enqueue the task unless one is waiting that will see our rows too."""
    # The task lifts the mark before it looks for rows: whoever finds the mark still set
    # has committed before that look.
    if cache.add(_ASKED, 1, timeout=_FORGET_AFTER):
        async_task(task)


def awake() -> None:
    """Lift the mark: from now on, new rows need a new task."""
    cache.delete(_ASKED)
