"""How long receipts are a member's, and how long anybody's."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from consent.registry import Retention
from consent.retention import activity
from consent.retention.kinds import Due, get, register
from consent.retention.periods import days_of, period_of
from purchases import rules
from purchases.models import MonthSum, Receipt, ReceiptLine

_CLAIM_DAYS = rules.CLAIM_WITHIN.days
YEARS = {"": 7 * 365, "DK": 5 * 365, "NO": 5 * 365}

# Receipts that are a member's and past their time, with what came back of them: a
# return names its purchase, and would lead to it.
_TIED = """
SELECT r.id FROM purchases_receipt r
WHERE r.programme_id = %(programme)s AND r.member_id IS NOT NULL
    AND r.purchased_at < %(before)s
"""
_TIED_RETURNS = """
SELECT r.id FROM purchases_receipt r
JOIN purchases_receipt o ON o.id = r.original_id
WHERE r.programme_id = %(programme)s AND r.member_id IS NOT NULL
    AND r.original_id IS NOT NULL AND r.purchased_at >= %(before)s
    AND o.purchased_at < %(before)s
"""
_ALL_TIED = f"SELECT id FROM ({_TIED} UNION ALL {_TIED_RETURNS}) due"  # noqa: S608
_COUNT_TIED = f"SELECT count(*) FROM ({_ALL_TIED}) due"  # noqa: S608
# One statement for a batch: the sums, the receipts, their lines and what the timeline
# said of them go together. The receipt gets another public id and keeps its day and not
# its hour, points and tier, which the ledger of points has too; vouchers and stamps
# forget of which receipt they were: nothing leads from a member to it any more.
_CUT_LOOSE = f"""
WITH due AS MATERIALIZED (
    SELECT r.id, r.member_id, r.public_id, r.currency, r.purchased_at
    FROM purchases_receipt r
    WHERE r.id IN ({_ALL_TIED} LIMIT %(limit)s) AND r.member_id IS NOT NULL
    FOR UPDATE
), sums AS (
    INSERT INTO purchases_monthsum
        (member_id, month, article_group, currency, receipts, amount)
    SELECT d.member_id,
        date_trunc('month', d.purchased_at AT TIME ZONE %(zone)s)::date,
        l.article_group, d.currency, count(DISTINCT d.id),
        sum(CASE WHEN l.quantity < 0 THEN -l.gross_paid ELSE l.gross_paid END)
    FROM due d JOIN purchases_receiptline l ON l.receipt_id = d.id
    -- What is too old for the sums, too, leaves none.
    WHERE d.purchased_at >= %(summed_from)s
    GROUP BY 1, 2, 3, 4
), lines AS (
    UPDATE purchases_receiptline l SET member_id = NULL, points = 0
    FROM due d WHERE l.receipt_id = d.id
), offers AS MATERIALIZED (
    SELECT offers_cut_loose(array_agg(d.public_id), array_agg(DISTINCT d.member_id))
    FROM due d
), said AS (
    DELETE FROM members_event e USING due d
    WHERE e.member_id = d.member_id AND e.at = d.purchased_at
        AND e.subject_type = 'receipt' AND e.subject_id = d.public_id
)
UPDATE purchases_receipt r SET member_id = NULL, contact_index = NULL,
    balance_after = NULL, points = 0, returned_points = 0, reversed_points = 0,
    exact = 0, returned_exact = 0, tier = '',
    public_id = gen_random_uuid(),
    purchased_at = date_trunc('day', r.purchased_at AT TIME ZONE %(zone)s)
        AT TIME ZONE %(zone)s
FROM due d CROSS JOIN offers WHERE r.id = d.id
"""  # noqa: S608
# By store, as the index has them; those of years ago are nearly all that is found.
_OF_BOOKS = """
FROM purchases_receipt r
WHERE r.store_id IN (
        SELECT s.id FROM stores_store s WHERE s.programme_id = %(programme)s)
    AND r.purchased_at < %(before)s AND r.member_id IS NULL
"""
_COUNT_BOOKS = f"""
SELECT count(*) {_OF_BOOKS}
AND NOT EXISTS (SELECT FROM purchases_receipt b
    WHERE b.original_id = r.id AND b.purchased_at >= %(before)s)
"""  # noqa: S608
# A purchase goes after its returns.
_DROP_BOOKS = f"""
WITH due AS MATERIALIZED (
    SELECT r.id {_OF_BOOKS}
    AND NOT EXISTS (SELECT FROM purchases_receipt b WHERE b.original_id = r.id)
    LIMIT %(limit)s
), lines AS (
    DELETE FROM purchases_receiptline l USING due d WHERE l.receipt_id = d.id
)
DELETE FROM purchases_receipt r USING due d WHERE r.id = d.id
"""  # noqa: S608
_SUMMED_MONTH = (
    "(SELECT (max(s.month) + interval '1 month')::timestamptz"
    " FROM purchases_monthsum s WHERE s.member_id = m.id)"
)


def register_all() -> None:
    """Register the kinds; called once, when the room is ready."""
    register(
        "receipts",
        title=_("Receipts of a member"),
        does=_(
            "The receipt stays for the books and is nobody's any more; the member keeps"
            " sums by month and group of goods."
        ),
        why=_(
            "To show purchases and take goods back; what is older says little of what"
            " somebody needs today (GDPR art. 5(1)(e))."
        ),
        days=days_of(24),
        least=365,
        most=days_of(36),
        model=Receipt,
        count=_count_tied,
        prune=_cut_loose,
        keeps={Receipt: Retention.TWO_YEARS, ReceiptLine: Retention.TWO_YEARS},
        order=10,
    )
    register(
        "purchase-sums",
        title=_("Sums by month and group of goods"),
        does=_("The sums are deleted."),
        why=_("To see what a member buys over the years, without each receipt."),
        days=days_of(36),
        least=days_of(24),
        most=days_of(48),
        model=MonthSum,
        count=lambda due: _old_sums(due).count(),
        prune=_drop_sums,
        keeps={MonthSum: Retention.THREE_YEARS},
        order=11,
    )
    register(
        "receipt-contacts",
        title=_("Numbers on receipts that nobody has claimed"),
        does=_("The keyed hash is emptied; the receipt was nobody's and stays so."),
        why=_("So that who joins later gets what they bought before."),
        days=_CLAIM_DAYS,
        model=Receipt,
        count=lambda due: _unclaimed(due).count(),
        prune=_forget_contacts,
        keeps={Receipt: Retention.TWO_YEARS},
        order=12,
        is_routine=True,
    )
    register(
        "receipts-books",
        title=_("Receipts as vouchers of the books"),
        does=_("The receipt and its lines are deleted."),
        why=_(
            "Accounting law: in Sweden to the end of the seventh year after the"
            " financial year (BFL 7:2), in Denmark and Norway five years. Add one for"
            " a financial year that is not the calendar's."
        ),
        days=YEARS,
        least=YEARS,
        most=15 * 365,
        model=Receipt,
        count=_count_books,
        prune=_drop_books,
        keeps={Receipt: Retention.BOOKS, ReceiptLine: Retention.BOOKS},
        order=13,
        whole_years=True,
    )
    activity.register(
        "purchases",
        title=_("Purchases"),
        newest=(
            "(SELECT max(r.purchased_at) FROM purchases_receipt r"
            " WHERE r.member_id = m.id)"
        ),
        order=10,
    )
    activity.register(
        "purchase-sums",
        title=_("Purchases of earlier months"),
        newest=_SUMMED_MONTH,
        order=90,
    )


def _values(due: Due) -> dict[str, Any]:
    return {
        "programme": due.programme.pk,
        "before": due.before,
        "zone": due.programme.time_zone,
    }


def _number(statement: str, due: Due) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(due))
        return int(cursor.fetchone()[0])


def _do(statement: str, due: Due, limit: int, **more: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_values(due), "limit": limit, **more})
        return int(cursor.rowcount)


def _count_tied(due: Due) -> int:
    return _number(_COUNT_TIED, due)


def _cut_loose(due: Due, limit: int) -> int:
    sums = get("purchase-sums")
    summed_from = period_of(due.programme, sums).before(due.programme, due.now)
    return _do(_CUT_LOOSE, due, limit, summed_from=summed_from)


def _count_books(due: Due) -> int:
    return _number(_COUNT_BOOKS, due)


def _drop_books(due: Due, limit: int) -> int:
    return _do(_DROP_BOOKS, due, limit)


def _old_sums(due: Due) -> QuerySet[MonthSum]:
    # The month that the moment falls in is not over by then.
    month = due.before.astimezone(due.programme.zone).date().replace(day=1)
    return MonthSum.objects.filter(member__programme=due.programme, month__lt=month)


def _drop_sums(due: Due, limit: int) -> int:
    some = _old_sums(due).values("pk")[:limit]
    return MonthSum.objects.filter(pk__in=some).delete()[0]


def _unclaimed(due: Due) -> QuerySet[Receipt]:
    return Receipt.objects.filter(
        programme=due.programme,
        contact_index__isnull=False,
        purchased_at__lt=due.before,
    )


def _forget_contacts(due: Due, limit: int) -> int:
    some = _unclaimed(due).values("pk")[:limit]
    return Receipt.objects.filter(pk__in=some).update(contact_index=None)
