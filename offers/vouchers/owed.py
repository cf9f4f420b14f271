"""What open vouchers were worth at a moment: owed, though the points are spent.

A voucher counts as used only when it is; one that has lapsed or was withdrawn is owed
to nobody. Worked out as the books are (`points.books.booking`): from the vouchers that
are open now, and the log of those to which something happened since.
"""

from datetime import datetime

from django.db import connection

from points.books import booking
from points.books.figures import Beside
from stores.models import Programme

# What a log says of a voucher: its value when it was issued, less what was used, and
# what returns gave back; of one that had lapsed only that. It is open when the last
# that happened to it left it so.
_OWED = f"""
WITH later AS MATERIALIZED (
    SELECT DISTINCT e.voucher_id
    FROM offers_voucherevent e JOIN offers_voucher v ON v.id = e.voucher_id
    WHERE v.programme_id = %(programme)s
        AND (e.at >= %(until)s OR e.recorded_at >= %(until)s)
        AND e.kind NOT IN ('RESERVED', 'RELEASED')
        AND NOT {booking.before("e.at", "e.recorded_at")}
), owed AS (
    SELECT v.needs_purchase, v.worth FROM offers_voucher v
    WHERE v.programme_id = %(programme)s AND v.status IN ('ISSUED', 'RESERVED')
        AND NOT EXISTS (SELECT FROM later l WHERE l.voucher_id = v.id)
    UNION ALL
    SELECT v.needs_purchase, was.worth
    FROM later l JOIN offers_voucher v ON v.id = l.voucher_id
    CROSS JOIN LATERAL (
        SELECT sum(CASE WHEN s.kind IN ('ISSUED', 'GIVEN_BACK') THEN s.value
                WHEN s.kind = 'USED' OR s.kind = 'LAPSED' AND s.next = 'GIVEN_BACK'
                THEN -s.value ELSE 0 END) AS worth,
            (array_agg(s.kind ORDER BY s.id DESC))[1] AS last
        FROM (
            SELECT e.id, e.kind, e.value, lead(e.kind) OVER (ORDER BY e.id) AS next
            FROM offers_voucherevent e
            WHERE e.voucher_id = l.voucher_id AND e.kind NOT IN ('RESERVED', 'RELEASED')
                AND {booking.before("e.at", "e.recorded_at")}) s
    ) was
    WHERE was.last IN ('ISSUED', 'GIVEN_BACK', 'REACTIVATED')
)
SELECT COALESCE(sum(worth) FILTER (WHERE needs_purchase), 0),
    COALESCE(sum(worth) FILTER (WHERE NOT needs_purchase), 0), count(*)
FROM owed
"""  # noqa: S608


def owed_at(programme: Programme, until: datetime) -> Beside:
    """Return what a club's open vouchers were worth, for business before a moment."""
    with connection.cursor() as cursor:
        cursor.execute(_OWED, {"programme": programme.pk, "until": until})
        ((with_purchase, without_purchase, number),) = cursor.fetchall()
    return Beside(with_purchase, without_purchase, number)
