"""In which month something is booked: its own, or an open one once that is closed.

What belongs to a closed month and comes later is booked on the day on which it came. So
the books as of the end of a closed month never move, and what comes late stands in the
month in which it was heard of. Nothing is stored for it: the closings say when each
month was closed, and every row says when it counts and when it was written.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from points.models import ClosedMonth
from stores.models import Programme


def before(at: str, recorded: str, until: str = "until") -> str:
    """Return the condition that a row is booked before a moment, in SQL.

    `at` and `recorded` are its columns: when it counts, and when it was written. The
    statement is given `programme` and the moment, under the name `until`.
    """
    return f"""({at} < %({until})s AND ({recorded} < %({until})s OR NOT EXISTS (
        SELECT FROM points_closedmonth c WHERE c.programme_id = %(programme)s
            AND c.ends_at > {at} AND c.closed_at <= {recorded})))"""


def between(at: str, recorded: str, since: datetime | None) -> str:
    """Return the condition that a row is booked from `since` and before `until`.

    Without `since` from the beginning. Said so that an index by time finds the rows.
    """
    if since is None:
        return before(at, recorded)
    return (
        f"({at} >= %(since)s OR {recorded} >= %(since)s)"
        f" AND {before(at, recorded)} AND NOT {before(at, recorded, 'since')}"
    )


def is_before(programme: Programme, until: datetime, *, at: str, recorded: str) -> Q:
    """Return the condition of `before` for a query set with these two columns."""
    closed_by_then = ClosedMonth.objects.filter(
        programme=programme,
        ends_at__gt=OuterRef(at),
        closed_at__lte=OuterRef(recorded),
    )
    in_time = Q(**{f"{recorded}__lt": until}) | Q(~Exists(closed_by_then))
    return Q(**{f"{at}__lt": until}) & in_time
