"""The laws of the ledger, each with the query that names the rows that break it.

Asked only about members of whom `SCREEN` has found that a law is broken.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class Law:
    """What must hold, and which rows break it, of the members asked about.

    The query gives whose row it is, the row, what stands there and what should; it asks
    `= ANY (%(members)s)`.
    """

    name: str
    query: str


# A pass over the entries, joined with one over the lots and two over their uses: all of
# them are keyed by the entry. What is wrong with a row is one bit, the law's place in
# `LAWS`; sums are compared with the accounts once for each member. Only what does not
# hold is looked at again, so that a sound ledger costs the passes and nothing else. Of
# one club, `entries`, `accounts`, `lots` and `uses` are those of its members. It is
# asked of members from one number to another, so that connections can share the work;
# `strays` are lots and uses of theirs whose entry or lot is somebody else's.
SCREEN = """
WITH sums AS (
    SELECT e.member_id,
        sum(e.points) AS points,
        count(*) AS entries,
        COALESCE(sum(e.points) FILTER (WHERE e.kind = 'EARN'), 0) AS earned,
        COALESCE(sum(CASE e.kind WHEN 'RESERVE' THEN e.moved ELSE -e.moved END)
            FILTER (WHERE e.kind IN ('RESERVE', 'RELEASE')), 0) AS reserved,
        COALESCE(sum(l.remaining), 0) AS held,
        COALESCE(sum(l.remaining) FILTER (WHERE l.is_pending), 0) AS pending,
        COALESCE(sum((-e.points - COALESCE(b.points, 0))::integer)
            FILTER (WHERE e.points < 0), 0) AS owed,
        count(l.entry_id) + COALESCE(sum(u.uses), 0) + COALESCE(sum(b.uses), 0)
            AS joined,
        bit_or(
            CASE WHEN l.remaining <> l.points - COALESCE(u.points, 0)
                THEN {left} ELSE 0 END
            | CASE
                WHEN e.points < 0 THEN
                    CASE WHEN b.points > -e.points OR b.least < 0
                        THEN {takes} ELSE 0 END
                    | CASE WHEN l.entry_id IS NOT NULL THEN {size} ELSE 0 END
                WHEN e.kind = 'RESTORE' THEN
                    CASE WHEN COALESCE(l.points, 0) - COALESCE(b.points, 0)
                        <> e.points OR b.most > 0 THEN {back} ELSE 0 END
                ELSE
                    CASE WHEN b.points IS NOT NULL THEN {takes} ELSE 0 END
                    | CASE WHEN COALESCE(l.points, 0) <> e.points
                        THEN {size} ELSE 0 END
                END
            | CASE WHEN l.member_id <> e.member_id THEN {size} ELSE 0 END
            | CASE WHEN u.first <> l.member_id OR u.last <> l.member_id
                    OR b.first <> e.member_id OR b.last <> e.member_id
                THEN {joins} ELSE 0 END) AS broken
    FROM {{entries}}
    LEFT JOIN points_lot l ON l.entry_id = e.id
        AND l.member_id BETWEEN %(first)s AND %(last)s
    LEFT JOIN (
        SELECT lot_id, sum(points) AS points, count(*) AS uses,
            min(member_id) AS first, max(member_id) AS last
        FROM points_lotuse WHERE member_id BETWEEN %(first)s AND %(last)s
        GROUP BY lot_id) u ON u.lot_id = e.id
    LEFT JOIN (
        SELECT entry_id, sum(points) AS points, count(*) AS uses,
            min(points) AS least, max(points) AS most, min(member_id) AS first,
            max(member_id) AS last
        FROM points_lotuse WHERE member_id BETWEEN %(first)s AND %(last)s
        GROUP BY entry_id) b ON b.entry_id = e.id
    WHERE e.member_id BETWEEN %(first)s AND %(last)s
    GROUP BY e.member_id
), compared AS (
    SELECT member_id, s.points, s.entries, s.joined,
        a.member_id IS NOT NULL AS has_account,
        COALESCE(s.broken, 0)
        | CASE WHEN a.member_id IS NULL THEN {account} ELSE 0 END
        | CASE WHEN a.balance <> COALESCE(s.points, 0) THEN {balance} ELSE 0 END
        | CASE WHEN a.entries <> COALESCE(s.entries, 0) THEN {count} ELSE 0 END
        | CASE WHEN a.earned_total <> COALESCE(s.earned, 0) THEN {earned} ELSE 0 END
        | CASE WHEN a.balance <> COALESCE(s.held - s.owed, 0) THEN {lots} ELSE 0 END
        | CASE WHEN a.owed <> COALESCE(s.owed, 0) THEN {owed} ELSE 0 END
        | CASE WHEN a.pending <> COALESCE(s.pending, 0) THEN {pending} ELSE 0 END
        | CASE WHEN a.reserved <> COALESCE(s.reserved, 0)
                OR a.reserved <> COALESCE(r.points, 0) THEN {reserved} ELSE 0 END
        | CASE WHEN s.owed > 0 AND s.held > COALESCE(a.reserved, 0)
            THEN {free} ELSE 0 END AS broken
    FROM (SELECT * FROM {{accounts}}
        WHERE a.member_id BETWEEN %(first)s AND %(last)s) a
    FULL JOIN sums s USING (member_id)
    LEFT JOIN (
        SELECT member_id, sum(points) AS points FROM points_reservation
        WHERE outcome = 'HELD' GROUP BY member_id) r USING (member_id)
), all_of_it AS (
    SELECT (SELECT count(*) FROM {{lots}}
            WHERE l.member_id BETWEEN %(first)s AND %(last)s)
        + 2 * (SELECT count(*) FROM {{uses}}
            WHERE u.member_id BETWEEN %(first)s AND %(last)s) AS there
)
SELECT count(*) FILTER (WHERE has_account), COALESCE(sum(entries), 0),
    COALESCE(sum(points), 0), COALESCE(bit_or(broken), 0),
    array_agg(ARRAY[member_id, broken]) FILTER (WHERE broken <> 0),
    (SELECT there FROM all_of_it) - COALESCE(sum(joined), 0) AS strays
FROM compared
"""

# Whose entries they are that others' lots or uses belong to.
STRAYS = """
SELECT e.member_id FROM points_lot l JOIN points_entry e ON e.id = l.entry_id
WHERE l.member_id <> e.member_id
UNION
SELECT e.member_id FROM points_lotuse u JOIN points_entry e ON e.id = u.entry_id
WHERE u.member_id <> e.member_id
UNION
SELECT e.member_id FROM points_lotuse u JOIN points_entry e ON e.id = u.lot_id
WHERE u.member_id <> e.member_id
LIMIT %(most)s
"""

# What each member had after every entry, in the order of posting. A pass of its own,
# because it needs the entries in order.
STEPS = """
SELECT DISTINCT member_id FROM (
    SELECT member_id, balance_after - points AS before,
        lag(balance_after, 1, 0) OVER (PARTITION BY member_id ORDER BY id) AS after
    FROM {entries} WHERE member_id BETWEEN %(first)s AND %(last)s) steps
WHERE before <> after
LIMIT %(most)s
"""

_USED_BY_ENTRY = """
LEFT JOIN (SELECT entry_id, sum(points) AS points FROM points_lotuse
    WHERE member_id = ANY (%(members)s) GROUP BY entry_id) u ON u.entry_id = e.id
"""
_OWED = f"""
SELECT e.member_id, sum(-e.points - COALESCE(u.points, 0)) AS points
FROM points_entry e {_USED_BY_ENTRY}
WHERE e.points < 0 AND e.member_id = ANY (%(members)s) GROUP BY e.member_id
"""  # noqa: S608
_HELD = """
SELECT member_id, sum(remaining) AS points,
    sum(remaining) FILTER (WHERE is_pending) AS pending
FROM points_lot WHERE remaining > 0 AND member_id = ANY (%(members)s)
GROUP BY member_id
"""


def _of_entries(what: str, value: str, only: str = "true") -> str:
    """Return the query of a law that an account's column is a sum over entries."""
    return f"""
    SELECT a.member_id, a.member_id, a.{what}, COALESCE(e.value, 0)
    FROM points_account a
    LEFT JOIN (SELECT member_id, {value} AS value FROM points_entry
        WHERE {only} AND member_id = ANY (%(members)s) GROUP BY member_id) e
        USING (member_id)
    WHERE a.member_id = ANY (%(members)s) AND a.{what} <> COALESCE(e.value, 0)
    """  # noqa: S608


# By the name under which `SCREEN` finds them. Their order is that of the bits.
LAWS = {
    "balance": Law(
        gettext_noop("balance is the sum of the entries"),
        _of_entries("balance", "sum(points)"),
    ),
    "account": Law(
        gettext_noop("every entry has an account"),
        """
        SELECT DISTINCT e.member_id, e.member_id, 0, 1 FROM points_entry e
        WHERE e.member_id = ANY (%(members)s) AND NOT EXISTS (
            SELECT FROM points_account a WHERE a.member_id = e.member_id)
        """,
    ),
    "count": Law(
        gettext_noop("the account counts its entries"),
        _of_entries("entries", "count(*)"),
    ),
    "earned": Law(
        gettext_noop("what was ever earned is the sum of the earnings"),
        _of_entries("earned_total", "sum(points)", "kind = 'EARN'"),
    ),
    "lots": Law(
        gettext_noop("balance is the open lots less the debt"),
        f"""
        SELECT a.member_id, a.member_id, a.balance,
            COALESCE(l.points, 0) - COALESCE(d.points, 0)
        FROM points_account a
        LEFT JOIN ({_HELD}) l USING (member_id)
        LEFT JOIN ({_OWED}) d USING (member_id)
        WHERE a.member_id = ANY (%(members)s)
            AND a.balance <> COALESCE(l.points, 0) - COALESCE(d.points, 0)
        """,  # noqa: S608
    ),
    "owed": Law(
        gettext_noop("what is owed is what no lot has paid"),
        f"""
        SELECT a.member_id, a.member_id, a.owed, COALESCE(d.points, 0)
        FROM points_account a LEFT JOIN ({_OWED}) d USING (member_id)
        WHERE a.member_id = ANY (%(members)s) AND a.owed <> COALESCE(d.points, 0)
        """,  # noqa: S608
    ),
    "pending": Law(
        gettext_noop("what waits is what is left of lots that wait"),
        f"""
        SELECT a.member_id, a.member_id, a.pending, COALESCE(l.pending, 0)
        FROM points_account a LEFT JOIN ({_HELD}) l USING (member_id)
        WHERE a.member_id = ANY (%(members)s) AND a.pending <> COALESCE(l.pending, 0)
        """,  # noqa: S608
    ),
    "reserved": Law(
        gettext_noop("what is reserved is what open reservations hold"),
        """
        SELECT a.member_id, a.member_id, a.reserved, found.points
        FROM points_account a CROSS JOIN LATERAL (
            SELECT COALESCE(sum(r.points), 0) AS points FROM points_reservation r
            WHERE r.member_id = a.member_id AND r.outcome = 'HELD'
            UNION ALL
            SELECT COALESCE(sum(
                CASE e.kind WHEN 'RESERVE' THEN e.moved ELSE -e.moved END), 0)
            FROM points_entry e
            WHERE e.member_id = a.member_id AND e.kind IN ('RESERVE', 'RELEASE')) found
        WHERE a.member_id = ANY (%(members)s) AND a.reserved <> found.points
        """,
    ),
    "free": Law(
        gettext_noop("nobody owes points while a lot is free"),
        f"""
        SELECT e.member_id, e.id, -e.points - COALESCE(u.points, 0), 0
        FROM points_entry e {_USED_BY_ENTRY}
        WHERE e.member_id = ANY (%(members)s) AND e.points < 0
            AND -e.points > COALESCE(u.points, 0)
            AND (SELECT sum(l.remaining) FROM points_lot l
                WHERE l.member_id = e.member_id AND l.remaining > 0)
                > COALESCE((SELECT a.reserved FROM points_account a
                    WHERE a.member_id = e.member_id), 0)
        """,  # noqa: S608
    ),
    "left": Law(
        gettext_noop("a lot has left what was not used"),
        """
        SELECT l.member_id, l.entry_id, l.remaining, l.points - COALESCE(u.points, 0)
        FROM points_lot l
        LEFT JOIN (SELECT lot_id, sum(points) AS points FROM points_lotuse
            GROUP BY lot_id) u ON u.lot_id = l.entry_id
        WHERE l.member_id = ANY (%(members)s)
            AND l.remaining <> l.points - COALESCE(u.points, 0)
        """,
    ),
    "takes": Law(
        gettext_noop("an entry uses no more of lots than it takes"),
        """
        SELECT e.member_id, e.id, sum(u.points), GREATEST(-e.points, 0)
        FROM points_entry e JOIN points_lotuse u ON u.entry_id = e.id
        WHERE e.member_id = ANY (%(members)s) AND e.kind <> 'RESTORE'
        GROUP BY e.id
        HAVING sum(u.points) > GREATEST(-e.points, 0) OR min(u.points) < 0
        """,
    ),
    "size": Law(
        gettext_noop("every earning is a lot of its size"),
        """
        SELECT e.member_id, e.id, COALESCE(l.points, 0), GREATEST(e.points, 0)
        FROM points_entry e LEFT JOIN points_lot l ON l.entry_id = e.id
        WHERE e.member_id = ANY (%(members)s) AND (
            e.kind <> 'RESTORE' AND COALESCE(l.points, 0) <> GREATEST(e.points, 0)
            OR l.member_id <> e.member_id)
        """,
    ),
    "back": Law(
        gettext_noop("what is given back is in lots again"),
        """
        SELECT e.member_id, e.id,
            COALESCE(l.points, 0) - COALESCE(u.points, 0), e.points
        FROM points_entry e
        LEFT JOIN points_lot l ON l.entry_id = e.id
        LEFT JOIN (SELECT entry_id, sum(points) AS points, max(points) AS most
            FROM points_lotuse GROUP BY entry_id) u ON u.entry_id = e.id
        WHERE e.member_id = ANY (%(members)s) AND e.kind = 'RESTORE' AND (
            COALESCE(l.points, 0) - COALESCE(u.points, 0) <> e.points OR u.most > 0)
        """,
    ),
    "joins": Law(
        gettext_noop("a use joins an entry and a lot of one member"),
        """
        SELECT u.member_id, u.entry_id, e.member_id, l.member_id
        FROM points_lotuse u
        JOIN points_entry e ON e.id = u.entry_id
        JOIN points_lot l ON l.entry_id = u.lot_id
        WHERE (e.member_id = ANY (%(members)s) OR l.member_id = ANY (%(members)s))
            AND (u.member_id <> e.member_id OR u.member_id <> l.member_id)
        """,
    ),
    "steps": Law(
        gettext_noop("the balance after each entry runs on"),
        """
        SELECT member_id, id, balance_after, running FROM (
            SELECT member_id, id, balance_after,
                sum(points) OVER (PARTITION BY member_id ORDER BY id) AS running
            FROM points_entry WHERE member_id = ANY (%(members)s)) steps
        WHERE balance_after <> running
        """,
    ),
}

# These look at few rows, by indexes or by their kind, so they are asked as they are.
ASKED_AT_ONCE = [
    Law(
        gettext_noop("nobody is given back more than they used"),
        """
        SELECT min(e.member_id), e.reverses_id, sum(e.points), -min(s.points)
        FROM points_entry e JOIN points_entry s ON s.id = e.reverses_id
        WHERE e.reverses_id IS NOT NULL AND e.kind = 'RESTORE'
        GROUP BY e.reverses_id
        HAVING sum(e.points) > -min(s.points)
            OR min(s.kind) NOT IN ('SPEND', 'EXPIRE')
        """,
    ),
    Law(
        gettext_noop("a merge moves points and makes none"),
        """
        SELECT min(member_id), min(id), sum(points), 0 FROM points_entry
        WHERE kind = 'MERGE' GROUP BY source_id HAVING sum(points) <> 0
        """,
    ),
    Law(
        gettext_noop("points that were moved keep their days"),
        """
        SELECT l.member_id, l.entry_id, extract(epoch FROM l.expires_at)::bigint,
            extract(epoch FROM o.expires_at)::bigint
        FROM points_lot l JOIN points_lot o ON o.entry_id = l.origin_id
        WHERE l.origin_id IS NOT NULL AND (
            l.active_from <> o.active_from
            OR (l.expires_at IS NULL) <> (o.expires_at IS NULL)
            -- Longer than that, where a purchase has kept them.
            OR l.expires_at < o.expires_at AND l.remaining > 0 AND o.remaining = 0)
        """,
    ),
    Law(
        gettext_noop("who was merged has no points"),
        """
        SELECT a.member_id, a.member_id, a.balance + a.owed, 0
        FROM members_member m JOIN points_account a ON a.member_id = m.id
        WHERE m.merged_into_id IS NOT NULL
            AND (a.balance <> 0 OR a.owed <> 0 OR a.reserved <> 0)
        """,
    ),
]

BITS = {name: 1 << place for place, name in enumerate(LAWS)}
SCREEN = SCREEN.format(**BITS)
