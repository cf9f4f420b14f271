"""Count points for the books: what was booked in a span of time, from the ledger.

Whole months are counted once, when they are closed; later books add to them what was
booked since, so that a page costs what happened lately and not the whole history.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from points.books import booking
from points.books.figures import Late
from points.models import ClosedMonth
from stores.models import Programme

_POSTED = """
posted AS MATERIALIZED (
    SELECT e.id, e.kind, e.points, e.at
    FROM points_entry e JOIN members_member m ON m.id = e.member_id
    WHERE m.programme_id = %(programme)s AND {span}
)"""
# A debt may be paid by points that come much later: a use is booked when the last of
# both is, what took the points and the points themselves. Uses have no time of their
# own: those of before a closing are the ones up to its last key.
_ALL_USES = "SELECT u.id FROM points_lotuse u"
_LATER_USES = """
SELECT u.id FROM points_lotuse u WHERE u.id > %(uses_since)s
UNION SELECT u.id FROM posted p JOIN points_lotuse u ON u.entry_id = p.id
UNION SELECT u.id FROM posted p JOIN points_lotuse u ON u.lot_id = p.id
"""
# Of lots that merges moved: the month in which the points were earned first.
_MOVES = """
WITH {posted}, used AS (
    SELECT u.lot_id, u.points,
        -- What lapsed and came back was never used. Looked up for these few alone.
        CASE WHEN e.kind = 'RESTORE' THEN (
            SELECT CASE x.kind WHEN 'EXPIRE' THEN 'REVIVE' ELSE 'RESTORE' END
            FROM points_entry x WHERE x.id = e.reverses_id)
        ELSE e.kind END AS kind
    FROM ({uses}) counted JOIN points_lotuse u ON u.id = counted.id
    JOIN points_entry e ON e.id = u.entry_id
    JOIN points_entry l ON l.id = u.lot_id
    JOIN members_member m ON m.id = u.member_id
    WHERE m.programme_id = %(programme)s
        AND (%(uses_until)s::bigint IS NULL OR u.id <= %(uses_until)s)
        AND {use_booked} AND {lot_booked}
), moves AS (
    SELECT l.entry_id AS lot_id, p.kind, true AS comes, l.points
    FROM posted p JOIN points_lot l ON l.entry_id = p.id
    UNION ALL
    SELECT u.lot_id, u.kind, false, -u.points FROM used u
), sums AS (
    SELECT lot_id,
        COALESCE(sum(points) FILTER (
            WHERE comes AND kind NOT IN ('MERGE', 'RESTORE')), 0) AS issued,
        -COALESCE(sum(points) FILTER (
            WHERE kind = 'RESTORE' OR kind = 'SPEND' AND NOT comes), 0) AS used,
        -COALESCE(sum(points) FILTER (
            WHERE kind IN ('EXPIRE', 'REVIVE') AND NOT comes), 0) AS expired,
        -COALESCE(sum(points) FILTER (
            WHERE kind IN ('REVERSE', 'ADJUST') AND NOT comes), 0) AS taken_back,
        sum(points) AS outstanding
    FROM moves GROUP BY lot_id
)
SELECT date_trunc('month', o.at AT TIME ZONE %(zone)s)::date,
    o.kind = 'EARN' AND o.source_type = 'receipt',
    sum(s.issued)::bigint, sum(s.used)::bigint, sum(s.expired)::bigint,
    sum(s.taken_back)::bigint, sum(s.outstanding)::bigint
FROM sums s JOIN points_lot l ON l.entry_id = s.lot_id
JOIN points_entry o ON o.id = COALESCE(l.origin_id, l.entry_id)
GROUP BY 1, 2
UNION ALL
-- Of all entries, and of those of months that were closed before.
SELECT NULL, NULL, COALESCE(sum(points), 0)::bigint,
    count(*) FILTER (WHERE at < %(since)s),
    COALESCE(sum(points) FILTER (WHERE at < %(since)s), 0)::bigint, 0, 0
FROM posted
"""
# The lots that are open now, put back to where they were: without what came later, and
# with what was used later. A lot without a day never expires; its month is null.
_EXPIRY = """
WITH later AS MATERIALIZED (
    SELECT e.id FROM points_entry e JOIN members_member m ON m.id = e.member_id
    WHERE m.programme_id = %(programme)s
        AND (e.at >= %(until)s OR e.posted_at >= %(until)s) AND NOT {booked}
), put_back AS (
    SELECT u.id FROM later p JOIN points_lotuse u ON u.entry_id = p.id
    UNION SELECT u.id FROM later p JOIN points_lotuse u ON u.lot_id = p.id
), points AS (
    SELECT l.expires_at, l.remaining AS points
    FROM points_lot l JOIN members_member m ON m.id = l.member_id
    WHERE m.programme_id = %(programme)s AND l.remaining > 0
    UNION ALL
    SELECT l.expires_at, -l.points FROM later p JOIN points_lot l ON l.entry_id = p.id
    UNION ALL
    SELECT l.expires_at, u.points FROM put_back b
    JOIN points_lotuse u ON u.id = b.id JOIN points_lot l ON l.entry_id = u.lot_id
)
SELECT date_trunc('month', (expires_at - interval '1 second')
        AT TIME ZONE %(zone)s)::date AS month, sum(points)::bigint
FROM points GROUP BY 1 HAVING sum(points) > 0 ORDER BY 1 NULLS LAST
"""


@dataclass(frozen=True, slots=True)
class Points:
    """What was booked of points earned in one month with, or without, a receipt."""

    issued: int = 0
    used: int = 0
    expired: int = 0
    taken_back: int = 0
    outstanding: int = 0

    def __add__(self, other: "Points") -> "Points":
        """Return both together."""
        return Points(
            self.issued + other.issued,
            self.used + other.used,
            self.expired + other.expired,
            self.taken_back + other.taken_back,
            self.outstanding + other.outstanding,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """What of the books is counted: since a month was closed, and before a moment.

    `uses_until` is the last use of points that counts; None for all there are.
    """

    programme: Programme
    since: ClosedMonth | None
    until: datetime
    uses_until: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What was booked in a span, by month of earning and whether by a receipt."""

    cohorts: dict[tuple[date, bool], Points]
    # All entries together, and those of business of months that were closed before.
    points: int
    late: Late


def count(span: Span) -> Counted:
    """Return what was booked in a span. One statement."""
    since = span.since.ends_at if span.since else None
    query = _MOVES.format(
        posted=_POSTED.format(span=booking.between("e.at", "e.posted_at", since)),
        uses=_ALL_USES if since is None else _LATER_USES,
        use_booked=booking.before("e.at", "e.posted_at"),
        lot_booked=booking.before("l.at", "l.posted_at"),
    )
    cohorts: dict[tuple[date, bool], Points] = {}
    total, late = 0, Late()
    for month, by_receipt, *numbers in _rows(query, span):
        if month is None:
            total, late = numbers[0], Late(numbers[1], numbers[2])
        else:
            cohorts[month, by_receipt] = Points(*numbers)
    return Counted(cohorts, total, late)


def expiring(span: Span) -> list[tuple[date | None, int]]:
    """Return what lapses in which month if nobody uses it; None never does."""
    query = _EXPIRY.format(booked=booking.before("e.at", "e.posted_at"))
    return [(month, int(points)) for month, points in _rows(query, span)]


def _rows(query: str, span: Span) -> list[tuple[Any, ...]]:
    values: dict[str, Any] = {
        "programme": span.programme.pk,
        "zone": span.programme.zone.key,
        "since": span.since.ends_at if span.since else None,
        "until": span.until,
        "uses_since": span.since.uses_until if span.since else 0,
        "uses_until": span.uses_until,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
