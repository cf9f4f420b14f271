"""What must hold between vouchers, stamps and the ledger; part of its proof."""

from django.utils.translation import gettext_noop

from points import proof

# What a voucher of points cost is spent in the ledger. Accounts of members who were
# erased long ago are gone as a whole, and so are their vouchers, on a day of their own.
_COST = """
SELECT v.member_id, v.id, v.points, COALESCE(-e.points, 0)
FROM offers_voucher v LEFT JOIN points_entry e ON e.id = v.entry_id
JOIN members_member m ON m.id = v.member_id
WHERE v.origin = 'POINTS' AND m.status <> 'ERASED'
    AND (e.kind, -e.points, e.source_id) IS DISTINCT FROM
        ('SPEND'::varchar, v.points, v.public_id)
"""
_SPENT = """
SELECT e.member_id, e.id, -e.points, 0
FROM points_entry e JOIN members_member m ON m.id = e.member_id
WHERE e.kind = 'SPEND' AND e.source_type = 'voucher' AND m.status <> 'ERASED'
    AND NOT EXISTS (SELECT FROM offers_voucher v WHERE v.entry_id = e.id)
"""
# A till that was offline may have used one that a return withdrew: then what had gone
# back was taken again.
_WENT_BACK = """
SELECT v.member_id, v.id, back.points,
    CASE v.status WHEN 'VOID' THEN v.points ELSE 0 END
FROM (
    SELECT e.source_id, sum(e.points) AS points FROM points_entry e
    WHERE e.kind IN ('RESTORE', 'REVERSE') AND e.source_type = 'voucher'
    GROUP BY e.source_id
) back
JOIN offers_voucher v ON v.public_id = back.source_id
WHERE back.points < 0
    OR back.points > CASE v.status WHEN 'VOID' THEN v.points ELSE 0 END
"""
# What is left of one that lapsed does not come back with what a return gives back.
_LAPSED = """
SELECT voucher_id, sum(value) AS value FROM (
    SELECT voucher_id, kind, value,
        lead(kind) OVER (PARTITION BY voucher_id ORDER BY id) AS next
    FROM offers_voucherevent WHERE kind NOT IN ('RESERVED', 'RELEASED')) log
WHERE kind = 'LAPSED' AND next = 'GIVEN_BACK' GROUP BY voucher_id
"""
_WORTH = f"""
SELECT v.member_id, v.id, v.worth * 100,
    (v.value - COALESCE(u.used, 0) - COALESCE(l.value, 0)) * 100
FROM offers_voucher v LEFT JOIN (
    SELECT voucher_id, sum(value - given_back) AS used FROM offers_redemption
    GROUP BY voucher_id) u ON u.voucher_id = v.id
LEFT JOIN ({_LAPSED}) l ON l.voucher_id = v.id
WHERE v.worth <> v.value - COALESCE(u.used, 0) - COALESCE(l.value, 0)
"""  # noqa: S608 - our own words
_LOGGED = f"""
SELECT v.member_id, v.id, v.worth * 100,
    COALESCE(e.worth - COALESCE(l.value, 0), 0) * 100
FROM offers_voucher v LEFT JOIN (
    SELECT voucher_id, sum(CASE kind WHEN 'ISSUED' THEN value
        WHEN 'GIVEN_BACK' THEN value WHEN 'USED' THEN -value ELSE 0 END) AS worth
    FROM offers_voucherevent GROUP BY voucher_id) e ON e.voucher_id = v.id
LEFT JOIN ({_LAPSED}) l ON l.voucher_id = v.id
WHERE v.worth IS DISTINCT FROM e.worth - COALESCE(l.value, 0)
"""  # noqa: S608 - our own words
_STAMPS = """
SELECT COALESCE(c.member_id, s.member_id), COALESCE(c.id, 0), COALESCE(c.stamps, 0),
    COALESCE(s.number, 0)
FROM offers_membercard c FULL JOIN (
    SELECT member_id, card_id, sum(number) AS number FROM offers_stamp
    GROUP BY member_id, card_id) s USING (member_id, card_id)
WHERE COALESCE(c.stamps, 0) <> COALESCE(s.number, 0)
"""
_LIVE = """
SELECT min(s.member_id), min(s.id), sum(s.number), 0 FROM offers_stamp s
WHERE s.kind <> 'LAPSE' AND s.purchase IS NOT NULL
GROUP BY s.purchase, s.card_id HAVING sum(s.number) < 0
"""
_REMAINING = """
SELECT c.member_id, c.id, COALESCE(s.remaining, 0),
    GREATEST(c.stamps - c.rewards * d.needed, 0)
FROM offers_membercard c JOIN offers_stampcard d ON d.id = c.card_id
LEFT JOIN (
    SELECT member_id, card_id, sum(remaining) AS remaining FROM offers_stamp
    WHERE remaining > 0 GROUP BY member_id, card_id
) s ON s.member_id = c.member_id AND s.card_id = c.card_id
WHERE COALESCE(s.remaining, 0) <> GREATEST(c.stamps - c.rewards * d.needed, 0)
"""


def register() -> None:
    """Register the laws; called once, when the room is ready."""
    for name, query in (
        (gettext_noop("a voucher cost what the ledger spent on it"), _COST),
        (gettext_noop("points that were spent on a voucher gave one"), _SPENT),
        (gettext_noop("points come back only with their voucher"), _WENT_BACK),
        (gettext_noop("a voucher has left what was not used, or came back"), _WORTH),
        (gettext_noop("the log of a voucher tells its worth"), _LOGGED),
        (gettext_noop("a card has the sum of its stamps"), _STAMPS),
        (gettext_noop("no purchase lost more stamps than it gave"), _LIVE),
        (gettext_noop("stamps remain that no reward took"), _REMAINING),
    ):
        proof.register(proof.Law(name, query))
