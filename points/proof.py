"""The proof that the ledger is right: every projection worked out again, in SQL.

Holds for each member: the balance is the sum of the entries, and what is open in lots
less what is owed; what a lot has left is what it began with less its uses; an entry
that took points used as many of lots, or left a debt. A merge leaves as many points as
there were, with the days they had, and all of them with the member who is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_noop

# Each finds rows that should not be: what, whose, what stands there, what should.
_CHECKS = {
    gettext_noop("balance is the sum of the entries"): """
        SELECT a.member_id, a.member_id, a.balance, COALESCE(e.points, 0)
        FROM points_account a
        LEFT JOIN (SELECT member_id, sum(points) AS points FROM points_entry
            GROUP BY member_id) e USING (member_id)
        WHERE a.balance <> COALESCE(e.points, 0)
    """,
    gettext_noop("every entry has an account"): """
        SELECT DISTINCT e.member_id, e.member_id, 0, 1 FROM points_entry e
        WHERE NOT EXISTS (SELECT FROM points_account a
            WHERE a.member_id = e.member_id)
    """,
    gettext_noop("the account counts its entries"): """
        SELECT a.member_id, a.member_id, a.entries, COALESCE(e.number, 0)
        FROM points_account a
        LEFT JOIN (SELECT member_id, count(*) AS number FROM points_entry
            GROUP BY member_id) e USING (member_id)
        WHERE a.entries <> COALESCE(e.number, 0)
    """,
    gettext_noop("what was ever earned is the sum of the earnings"): """
        SELECT a.member_id, a.member_id, a.earned_total, COALESCE(e.points, 0)
        FROM points_account a
        LEFT JOIN (SELECT member_id, sum(points) AS points FROM points_entry
            WHERE kind = 'EARN' GROUP BY member_id) e USING (member_id)
        WHERE a.earned_total <> COALESCE(e.points, 0)
    """,
    gettext_noop("balance is the open lots less the debt"): """
        SELECT a.member_id, a.member_id, a.balance,
            COALESCE(l.points, 0) - COALESCE(d.points, 0)
        FROM points_account a
        LEFT JOIN (SELECT member_id, sum(remaining) AS points FROM points_lot
            WHERE remaining > 0 GROUP BY member_id) l USING (member_id)
        LEFT JOIN (
            SELECT e.member_id, sum(-e.points - COALESCE(u.points, 0)) AS points
            FROM points_entry e
            LEFT JOIN (SELECT entry_id, sum(points) AS points FROM points_lotuse
                GROUP BY entry_id) u ON u.entry_id = e.id
            WHERE e.points < 0 GROUP BY e.member_id) d USING (member_id)
        WHERE a.balance <> COALESCE(l.points, 0) - COALESCE(d.points, 0)
    """,
    gettext_noop("nobody owes points while a lot is open"): """
        SELECT e.member_id, e.id, -e.points - COALESCE(u.points, 0), 0
        FROM points_entry e
        LEFT JOIN (SELECT entry_id, sum(points) AS points FROM points_lotuse
            GROUP BY entry_id) u ON u.entry_id = e.id
        WHERE e.points < 0 AND -e.points > COALESCE(u.points, 0)
            AND EXISTS (SELECT FROM points_lot l
                WHERE l.member_id = e.member_id AND l.remaining > 0)
    """,
    gettext_noop("a lot has left what was not used"): """
        SELECT l.member_id, l.entry_id, l.remaining,
            l.points - COALESCE(u.points, 0)
        FROM points_lot l
        LEFT JOIN (SELECT lot_id, sum(points) AS points FROM points_lotuse
            GROUP BY lot_id) u ON u.lot_id = l.entry_id
        WHERE l.remaining <> l.points - COALESCE(u.points, 0)
    """,
    gettext_noop("an entry uses no more of lots than it takes"): """
        SELECT e.member_id, e.id, COALESCE(u.points, 0), -e.points
        FROM points_entry e
        JOIN (SELECT entry_id, sum(points) AS points FROM points_lotuse
            GROUP BY entry_id) u ON u.entry_id = e.id
        WHERE u.points > -e.points
    """,
    gettext_noop("every earning is a lot of its size"): """
        SELECT e.member_id, e.id, COALESCE(l.points, 0), e.points
        FROM points_entry e LEFT JOIN points_lot l ON l.entry_id = e.id
        WHERE e.points > 0
            AND (l.points IS DISTINCT FROM e.points OR l.member_id <> e.member_id)
    """,
    gettext_noop("a use joins an entry and a lot of one member"): """
        SELECT u.member_id, u.entry_id, e.member_id, l.member_id
        FROM points_lotuse u
        JOIN points_entry e ON e.id = u.entry_id
        JOIN points_lot l ON l.entry_id = u.lot_id
        WHERE u.member_id <> e.member_id OR u.member_id <> l.member_id
    """,
    gettext_noop("the balance after each entry runs on"): """
        SELECT member_id, id, balance_after, running FROM (
            SELECT member_id, id, balance_after,
                sum(points) OVER (PARTITION BY member_id ORDER BY id) AS running
            FROM points_entry) steps
        WHERE balance_after <> running
    """,
    gettext_noop("a merge moves points and makes none"): """
        SELECT min(member_id), min(id), sum(points), 0 FROM points_entry
        WHERE kind = 'MERGE' GROUP BY source_id HAVING sum(points) <> 0
    """,
    gettext_noop("points that were moved keep their days"): """
        SELECT l.member_id, l.entry_id, extract(epoch FROM l.expires_at)::bigint,
            extract(epoch FROM o.expires_at)::bigint
        FROM points_lot l JOIN points_lot o ON o.entry_id = l.origin_id
        WHERE (l.active_from, l.expires_at)
            IS DISTINCT FROM (o.active_from, o.expires_at)
    """,
    gettext_noop("who was merged has no points"): """
        SELECT a.member_id, a.member_id, a.balance, 0
        FROM points_account a JOIN members_member m ON m.id = a.member_id
        WHERE m.status = 'MERGED' AND a.balance <> 0
    """,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that breaks a law of the ledger."""

    law: str
    member_id: int
    row_id: int
    found: int
    expected: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof looked at, and what it found wrong."""

    members: int
    entries: int
    points: int
    differences: Sequence[Difference]


def laws() -> list[str]:
    """Return what is checked, in words."""
    return list(_CHECKS)


def check(*, most: int = 100) -> Proof:
    """Work out every projection again and return what differs."""
    found: list[Difference] = []
    with connection.cursor() as cursor:
        for law, query in _CHECKS.items():
            cursor.execute(f"{query} LIMIT %s", [most])
            found += [
                Difference(law, *(int(value or 0) for value in row))
                for row in cursor.fetchall()
            ]
        cursor.execute(
            "SELECT (SELECT count(*) FROM points_account), count(*), "
            "COALESCE(sum(points), 0) FROM points_entry"
        )
        members, entries, points = cursor.fetchone()
    return Proof(members, entries, int(points), found[:most])
