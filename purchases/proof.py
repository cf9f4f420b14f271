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
# What the ledger has taken for each purchase, by returns of it.
_BACK = """
SELECT e.source_id, -sum(b.points) AS points
FROM points_entry b
JOIN points_entry e ON e.id = b.reverses_id AND e.source_type = 'receipt'
WHERE b.reverses_id IS NOT NULL AND b.kind = 'REVERSE' GROUP BY e.source_id
"""
# A policy may have let the member keep some of it: fewer may have been taken.
_TOOK = f"""
SELECT r.member_id, r.id, back.points, r.returned_points
FROM ({_BACK}) back
JOIN purchases_receipt r ON r.public_id = back.source_id
WHERE r.member_id IS NOT NULL AND back.points > r.returned_points
"""  # noqa: S608
# From the receipts, for a return that was never posted has no entry to begin with. The
# version of the purchase is the one by which it is taken back.
_TOOK_ALL = f"""
SELECT r.member_id, r.id, COALESCE(back.points, 0), r.returned_points
FROM purchases_receipt r
JOIN points_earningrule v ON v.id = r.rule_id
LEFT JOIN ({_BACK}) back ON back.source_id = r.public_id
WHERE r.member_id IS NOT NULL AND r.returned_points > COALESCE(back.points, 0)
    AND COALESCE(v.terms->>'returns', 'negative') = 'negative'
"""  # noqa: S608


def register() -> None:
    """Register the laws; called once, when the room is ready."""
    proof.register(proof.Law(gettext_noop("a receipt gave what the ledger has"), _GAVE))
    proof.register(
        proof.Law(gettext_noop("returns took no more than came back"), _TOOK)
    )
    proof.register(
        proof.Law(gettext_noop("returns took all that their version says"), _TOOK_ALL)
    )
