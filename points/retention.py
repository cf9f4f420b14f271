"""How long the ledger keeps the accounts of members who were erased."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from consent.registry import Retention
from consent.retention.kinds import Due, register
from points.models import (
    Account,
    ActionAward,
    Entry,
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
_COUNT = f"SELECT count(*) {_DUE}"
_NEXT = f"SELECT m.id {_DUE} ORDER BY m.id LIMIT %(limit)s"
_DROP = """
UPDATE points_lot SET origin_id = NULL WHERE origin_id IN (
    SELECT l.entry_id FROM points_lot l WHERE l.member_id = ANY (%(members)s));
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
            (Account, Entry, Lot, LotUse, Reservation, GoodwillGrant, ActionAward),
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
