"""What the worker runs for registrations."""

from time import monotonic

from django.utils import timezone

from enrolment import services

# A task is killed after five minutes; the next run goes on where this one stops.
_LONGEST = 120.0


def remind() -> int:
    """Remind those who have not finished, once each; return how many."""
    started, reminded = monotonic(), 0
    while monotonic() - started < _LONGEST:
        batch = services.remind_unfinished(now=timezone.now())
        reminded += batch
        if not batch:
            break
    return reminded


def erase() -> int:
    """Erase those who never finished; return how many registrations ended."""
    started, ended = monotonic(), 0
    while monotonic() - started < _LONGEST:
        batch = services.erase_unfinished(now=timezone.now())
        ended += batch
        if not batch:
            break
    return ended
