"""Returns that came in before their purchase: taken back when it is here."""

import json
from datetime import datetime
from typing import Any

from django.db import connection

from common.ids import uuid7
from members import events
from points.terms import ReturnPolicy
from purchases import records, rules
from purchases.models import Receipt, ReceiptLine
from purchases.rules import Club, GivenBack, Original, ReceiptIn
from purchases.services.coming_back import lines_back
from purchases.stored import line_of

_ORIGINAL = "SELECT purchases_original(%s, %s)::text"
_REVERSE = """
SELECT taken FROM points_reverse(
    %s, %s, %s, %s, %s, %s, 'receipt', %s, %s, %s, %s)
"""
# What is tied up in unused vouchers is there to take, too.
_FREE = "SELECT offers_before_reversal(%s, %s, %s, %s, %s, %s, %s)"
_COUNT = "SELECT points_after_receipt(%s, %s, %s, %s, %s, %s, %s)"
_OFFERS = """
SELECT offers_after_receipt(%s, %s, %s, %s, %s, %s, %s, %s::jsonb, '{}', '', %s)
WHERE offers_follow_receipts(%s)
"""


def settle_early_returns(
    receipt_id: int, *, club: Club, receipt: ReceiptIn, now: datetime
) -> None:
    """Take back what earlier returns of this purchase could not take yet.

    In the transaction that records the purchase, under its lock, so that no further
    return can slip in between.
    """
    waiting = Receipt.objects.filter(
        programme_id=club.programme_id,
        original_unique_id=receipt.unique_receipt_id,
        original__isnull=True,
    ).order_by("pk")
    for returned in waiting:
        original = _read(club, receipt)
        lines = [
            line_of(line)
            for line in ReceiptLine.objects.filter(receipt=returned).order_by("number")
        ]
        settled = rules.settle(
            original, lines=lines, currency=returned.currency, club=club
        )
        _write(receipt_id, original, returned, settled)
        _post(original, returned, settled, club, now)
        _run(
            _OFFERS,
            club.programme_id,
            # Whose points it takes: theirs are the vouchers too.
            settled.reversal.member_id if settled.reversal else returned.member_id,
            returned.public_id,
            original.public_id,
            returned.store_id,
            returned.purchased_at,
            now,
            lines_back(returned, lines),
            returned.currency,
            club.programme_id,
        )


def _read(club: Club, receipt: ReceiptIn) -> Original:
    with connection.cursor() as cursor:
        cursor.execute(_ORIGINAL, [club.programme_id, receipt.unique_receipt_id])
        (stored,) = cursor.fetchone()
    original = records.original_from(json.loads(stored))
    # It was written a moment ago.
    assert original is not None  # noqa: S101
    return original


def _write(
    receipt_id: int, original: Original, returned: Receipt, settled: GivenBack
) -> None:
    # Its answer to the till stays what it was: the ledger holds what it took.
    Receipt.objects.filter(pk=returned.pk).update(
        original_id=receipt_id, return_eligible=settled.eligible
    )
    asked = settled.reversal.points if settled.reversal else 0
    Receipt.objects.filter(pk=receipt_id).update(
        returned_eligible=settled.returned_eligible,
        returned_exact=settled.returned_exact,
        returned_points=original.returned_points + asked,
    )


def _post(
    original: Original,
    returned: Receipt,
    settled: GivenBack,
    club: Club,
    now: datetime,
) -> None:
    if settled.reversal is not None:
        member_id = settled.reversal.member_id
        if settled.reversal.policy is ReturnPolicy.BALANCE:
            _run(
                _FREE,
                member_id,
                settled.reversal.points,
                returned.public_id,
                returned.store_id,
                returned.purchased_at,
                now,
                settled.reversal.entry_id,
            )
        (taken,) = _run(
            _REVERSE,
            member_id,
            settled.reversal.points,
            returned.purchased_at,
            now,
            f"return:{returned.public_id}",
            settled.reversal.rule_id,
            returned.public_id,
            uuid7(),
            settled.reversal.entry_id,
            settled.reversal.policy.value,
        )
        if taken:
            # The return told of no points yet: it could not take any.
            events.record(
                member_id=member_id,
                kind="points.reversed",
                at=returned.purchased_at,
                now=now,
                data={"points": taken},
                subject_type="receipt",
                subject_id=returned.public_id,
            )
    for count in records.counts_of(settled.counts, club):
        _run(_COUNT, *count.values(), returned.purchased_at, now)


def _run(statement: str, *values: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() or ()
