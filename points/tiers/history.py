"""Days of before the first review; the room that knows the purchases hands them in.

Purchases count their day as they come in. Those of before that was so are counted when
a club's tiers are first reviewed, so that a ladder gives tiers from the past at once.
"""

from collections.abc import Callable
from datetime import date

Fill = Callable[[int, date], int]
_fills: list[Fill] = []


def register(fill: Fill) -> None:
    """Register what counts a club's days from a day on that nobody has counted."""
    _fills.append(fill)


def fill(*, programme_id: int, since: date) -> int:
    """Count the days that nobody has counted; return how many."""
    return sum(each(programme_id, since) for each in _fills)
