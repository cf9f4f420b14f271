"""What must hold between receipts and the ledger of points; part of its proof."""

from django.utils.translation import gettext_noop

from points import proof

# Of receipts that are tied to a member still; later the ledger alone has the points.
_GAVE = """
SELECT r.member_id, r.id, r.points, COALESCE(e.points, 0)
FROM purchases_receipt r
LEFT JOIN (
    SELECT source_id, sum(points) AS points FROM points_entry
    WHERE kind = 'EARN' AND source_type = 'receipt' GROUP BY source_id
) e ON e.source_id = r.public_id
WHERE r.member_id IS NOT NULL AND r.points <> COALESCE(e.points, 0)
"""
# A policy may have let the member keep some of it: fewer may have been taken.
_TOOK = """
SELECT r.member_id, r.id, back.points, r.returned_points
FROM (
    SELECT reverses_id, -sum(points) AS points FROM points_entry
    WHERE reverses_id IS NOT NULL AND kind = 'REVERSE' GROUP BY reverses_id
) back
JOIN points_entry e ON e.id = back.reverses_id AND e.source_type = 'receipt'
JOIN purchases_receipt r ON r.public_id = e.source_id
WHERE r.member_id IS NOT NULL AND back.points > r.returned_points
"""


def register() -> None:
    """Register the laws; called once, when the room is ready."""
    proof.register(proof.Law(gettext_noop("a receipt gave what the ledger has"), _GAVE))
    proof.register(
        proof.Law(gettext_noop("returns took no more than came back"), _TOOK)
    )
