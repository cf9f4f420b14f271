"""How long the ledger keeps the accounts of members who were erased."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from consent.registry import Retention
from consent.retention.kinds import Due, register
from points.models import (
    Account,
    ActionAward,
    Entry,
    EntryNote,
    GoodwillGrant,
    Lot,
    LotUse,
    Reservation,
)

_YEARS = {"": 7 * 365, "DK": 5 * 365, "NO": 5 * 365}

# Whole accounts, so that the sums of every other one stay. Who still owes points keeps
# the account: what all owe together would be another sum without it.
_DUE = """
FROM consent_erasure e
JOIN members_member m ON m.public_id = e.member_id AND m.status = 'ERASED'
JOIN points_account a ON a.member_id = m.id AND a.balance = 0 AND a.owed = 0
WHERE e.programme_id = %(programme)s AND e.at < %(before)s
"""
# What memberships of one person point to of each other's goes with all of them or not
# at all: a return says which earning it undoes, a grant which entry it is. Also after a
# merge was undone, if something points across still.
_WHOLE = f"""
WITH RECURSIVE due AS MATERIALIZED (SELECT m.id {_DUE}
), pairs AS MATERIALIZED (
    SELECT g.kept_id, g.merged_id FROM members_merge g
    WHERE g.programme_id = %(programme)s AND (g.undone_at IS NULL
        OR EXISTS (
            SELECT FROM points_entry e JOIN points_entry o ON o.id = e.reverses_id
            WHERE (e.member_id, o.member_id)
                IN ((g.kept_id, g.merged_id), (g.merged_id, g.kept_id)))
        OR EXISTS (
            SELECT FROM points_goodwillgrant w JOIN points_entry o ON o.id = w.entry_id
            WHERE (w.member_id, o.member_id)
                IN ((g.kept_id, g.merged_id), (g.merged_id, g.kept_id))))
), linked AS (
    SELECT kept_id AS one, merged_id AS other FROM pairs
    UNION ALL SELECT merged_id, kept_id FROM pairs
), reached AS (
    SELECT d.id, d.id AS other FROM due d
    UNION SELECT r.id, l.other FROM reached r JOIN linked l ON l.one = r.other
), whole AS (
    SELECT r.id, min(r.other) AS first FROM reached r LEFT JOIN due d ON d.id = r.other
    GROUP BY r.id HAVING bool_and(d.id IS NOT NULL)
)
"""  # noqa: S608
_COUNT = f"{_WHOLE} SELECT count(*) FROM whole"  # noqa: S608
# A few more than the limit rather than a part of a person.
_NEXT = f"""
{_WHOLE} SELECT id FROM whole ORDER BY first FETCH FIRST %(limit)s ROWS WITH TIES
"""  # noqa: S608
_DROP = """
UPDATE points_lot SET origin_id = NULL WHERE origin_id IN (
    SELECT l.entry_id FROM points_lot l WHERE l.member_id = ANY (%(members)s));
DELETE FROM points_entrynote WHERE entry_id IN (
    SELECT e.id FROM points_entry e WHERE e.member_id = ANY (%(members)s));
DELETE FROM points_goodwillgrant WHERE member_id = ANY (%(members)s);
DELETE FROM points_actionaward WHERE member_id = ANY (%(members)s);
DELETE FROM points_lotuse WHERE lot_id IN (
    SELECT l.entry_id FROM points_lot l WHERE l.member_id = ANY (%(members)s))
    OR entry_id IN (
    SELECT e.id FROM points_entry e WHERE e.member_id = ANY (%(members)s));
DELETE FROM points_lot WHERE member_id = ANY (%(members)s);
DELETE FROM points_reservation WHERE member_id = ANY (%(members)s);
DELETE FROM points_entry WHERE member_id = ANY (%(members)s);
DELETE FROM points_account WHERE member_id = ANY (%(members)s);
"""
# An account has some hundred entries.
_AT_ONCE = 100


def register_all() -> None:
    """Register the kind; called once, when the room is ready."""
    register(
        "points-books",
        title=_("Points of erased members"),
        does=_("The account is deleted with its entries. What is owed by all stays."),
        why=_(
            "Points are a debt of the club and stand in its books: as long as vouchers"
            " of the books are kept."
        ),
        days=_YEARS,
        least=_YEARS,
        most=8 * 365,
        model=Account,
        count=_count,
        prune=_drop,
        keeps=dict.fromkeys(
            (
                Account,
                Entry,
                EntryNote,
                Lot,
                LotUse,
                Reservation,
                GoodwillGrant,
                ActionAward,
            ),
            Retention.LEDGER,
        ),
        order=20,
        whole_years=True,
    )


def _count(due: Due) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"programme": due.programme.pk, "before": due.before})
        return int(cursor.fetchone()[0])


def _drop(due: Due, limit: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _NEXT,
            {
                "programme": due.programme.pk,
                "before": due.before,
                "limit": min(limit, _AT_ONCE),
            },
        )
        members = [row[0] for row in cursor.fetchall()]
        if members:
            for statement in filter(str.strip, _DROP.split(";")):
                cursor.execute(statement, {"members": members})
    return len(members)
