"""What the worker runs: a task only wakes, our rows say what is to be done."""

from time import monotonic

from django.utils import timezone

from consent import renewals

# A task is killed after five minutes; the next one goes on where this one stops.
_LONGEST = 180.0


def ask_again() -> int:
    """Open renewals for editions that were published; return how many are asked."""
    return renewals.ask_all(now=timezone.now())


def settle_renewals() -> int:
    """Ask who has come since, and close what was answered or not; return how many."""
    started = monotonic()
    done = renewals.ask_all(now=timezone.now()) + renewals.note_answers_elsewhere()
    for close in (renewals.expire_unanswered, renewals.note_terms_hold):
        while monotonic() - started < _LONGEST:
            closed = close(now=timezone.now())
            if not closed:
                break
            done += closed
    return done
