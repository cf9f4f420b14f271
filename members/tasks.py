"""What the worker runs for members."""

from time import monotonic

from django.utils import timezone

from members import duplicates, events, merging
from members.models import EventCursor
from stores.models import Programme

# A task is killed after five minutes; the next run goes on where this one stops.
_LONGEST = 120.0


def follow_duplicates() -> int:
    """Look at the members to whom something happened; return how many events.

    The first time at everybody, for most of the log is older than the look-out.
    """
    if not EventCursor.objects.filter(name=duplicates.CONSUMER).exists():
        # The place in the log first: what happens meanwhile is looked at twice.
        events.skip_to_end(duplicates.CONSUMER, now=timezone.now())
        find_duplicates()
    started = monotonic()
    read = 0
    while monotonic() - started < _LONGEST:
        batch = duplicates.follow(now=timezone.now())
        read += batch
        if not batch:
            break
    return read


def find_duplicates() -> int:
    """Look at everybody in every club; return how many new pairs there are."""
    now = timezone.now()
    return sum(
        duplicates.find_all(programme=programme, now=now).found
        for programme in Programme.objects.all()
    )


def gather_strays() -> int:
    """Hand on what was written beside a merge; return for how many."""
    return merging.gather_strays(now=timezone.now())


def seal_merges() -> int:
    """Make merges final that can no longer be undone; return how many."""
    now = timezone.now()
    merging.gather_strays(now=now)
    sealed = 0
    while batch := merging.seal_merges(now=now):
        sealed += batch
    return sealed
