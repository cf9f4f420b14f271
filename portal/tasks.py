"""What the worker runs."""

from time import monotonic

from django.utils import timezone

from portal import renewals

# A task is killed after five minutes; the next run goes on where this one stops.
_LONGEST = 120.0


def tell_renewals() -> int:
    """Write to members who are asked again, and note what has left; return how many."""
    started, told = monotonic(), 0
    while monotonic() - started < _LONGEST:
        some = renewals.tell(now=timezone.now())
        told += some
        if not some:
            break
    renewals.note_told()
    return told
