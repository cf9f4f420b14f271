"""What the worker runs: a task only wakes, the outbox says what is to be done."""

from time import monotonic

from django.utils import timezone

from messaging import notices, services, strangers, wake

# A task is killed after five minutes; the next wake goes on where this one stops.
_LONGEST = 120.0


def send() -> int:
    """Queue the notices of what happened and send what is due; return how many."""
    wake.awake()
    started = monotonic()
    while notices.follow(now=timezone.now()) and monotonic() - started < _LONGEST:
        pass
    sent = 0
    while monotonic() - started < _LONGEST:
        taken = services.send_due(now=timezone.now())
        if not taken:
            break
        sent += taken
    return sent


def watch() -> int:
    """Look for fraud with SMS; return in how many clubs they are stopped for it."""
    return strangers.watch(now=timezone.now())
