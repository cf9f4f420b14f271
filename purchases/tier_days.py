"""Count the days of purchases for the tiers, in a set, where nobody has counted them.

What each receipt counts when it comes in is in `purchases.rules`; a test holds this to
it. Purchases are counted less what has come back; what came back without its purchase
is taken off the day it came. A purchase is a visit unless as many pieces came back as
it sold.
"""

from datetime import date

from django.db import connection

# A day that has been counted stays: of two who count it the first has. In another
# currency money weighs as much as the points it gives, as in rules.earning.
_FILL = """
INSERT INTO points_activity (member_id, "on", spend, visits, points, actions)
SELECT d.member_id, d.day, sum(d.spend), GREATEST(sum(d.visits), 0), sum(d.points), 0
FROM (
    SELECT r.member_id, (r.purchased_at AT TIME ZONE p.time_zone)::date AS day,
        round(w.weight * (r.eligible - r.returned_eligible
            - CASE WHEN g.is_loose THEN r.return_eligible ELSE 0 END), 2) AS spend,
        (g.buys AND NOT COALESCE(b.is_all, false))::integer AS visits,
        r.points - r.returned_points
            - CASE WHEN g.is_loose THEN r.reversed_points ELSE 0 END AS points,
        g.buys OR g.is_loose AS is_counted
    FROM purchases_receipt r
    JOIN stores_programme p ON p.id = r.programme_id
    LEFT JOIN points_earningrule e ON e.id = r.rule_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN r.currency = p.currency THEN 1 ELSE COALESCE(
            (e.terms->'currencies'->r.currency->>'points_per_unit')::numeric
            / NULLIF(e.points_per_unit, 0), 0) END AS weight) w
    CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT FROM purchases_receiptline l
                WHERE l.receipt_id = r.id AND l.kind = 'PURCHASE') AS buys,
            r.original_id IS NULL AND r.original_unique_id = ''
                AND r.reversed_points > 0 AS is_loose) g
    LEFT JOIN LATERAL (
        SELECT sum(abs(l.quantity)) FILTER (WHERE l.receipt_id <> r.id)
            >= sum(l.quantity) FILTER (WHERE l.receipt_id = r.id) AS is_all
        FROM purchases_receiptline l
        WHERE l.receipt_id = r.id AND l.kind = 'PURCHASE'
            OR l.kind = 'RETURN' AND l.receipt_id IN (
                SELECT o.id FROM purchases_receipt o WHERE o.original_id = r.id)
    ) b ON EXISTS (SELECT FROM purchases_receipt o WHERE o.original_id = r.id)
    WHERE r.programme_id = %(programme)s AND r.member_id IS NOT NULL
        AND r.no_points_reason <> 'member_blocked'
        AND r.purchased_at >= %(since)s::timestamp AT TIME ZONE p.time_zone
) d
WHERE d.is_counted
GROUP BY d.member_id, d.day ORDER BY d.member_id, d.day
ON CONFLICT (member_id, "on") DO NOTHING
"""


def fill(programme_id: int, since: date) -> int:
    """Count a club's days from a day on that nobody has counted; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"programme": programme_id, "since": since})
        return int(cursor.rowcount)
