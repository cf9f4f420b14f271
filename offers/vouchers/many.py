"""Use many vouchers at once: what `offers_redeem` does for one, in a set.

For loaders, whose purchases are on record already; vouchers for money, for those for
goods pay certain lines. A test uses the same vouchers both ways and finds the rows
identical.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

# The rules on who may use what are those of the one answer for all channels. Of two
# purchases that name the same voucher the earlier one has it.
_USE = """
WITH asked AS (
    SELECT DISTINCT ON (u.voucher) u.*
    FROM unnest(%(vouchers)s::bigint[], %(receipts)s::uuid[], %(stores)s::bigint[],
        %(at)s::timestamptz[], %(currencies)s::text[], %(amounts)s::numeric[],
        %(quantities)s::numeric[])
        AS u (voucher, receipt, store, at, currency, amount, quantity)
    ORDER BY u.voucher, u.at, u.receipt
), held AS MATERIALIZED (
    SELECT v AS voucher, v.id, v.member_id, v.worth, a.receipt, a.store, a.at, a.amount,
        a.quantity
    FROM offers_voucher v JOIN asked a ON a.voucher = v.id
    WHERE v.programme_id = %(programme)s AND v.status = 'ISSUED' AND v.kind = 'MONEY'
        AND v.currency = a.currency
    ORDER BY v.id FOR UPDATE OF v
), usable AS MATERIALIZED (
    SELECT h.* FROM held h WHERE offers_why_not(h.voucher, h.at, %(now)s) IS NULL
        AND NOT EXISTS (SELECT FROM offers_redemption r
            WHERE r.voucher_id = h.id AND r.receipt = h.receipt)
), used AS (
    UPDATE offers_voucher v SET status = 'USED', worth = 0, used_at = u.at,
        used_receipt = u.receipt, used_store_id = u.store, reserved_until = NULL,
        reserved_key = '', reserved_store_id = NULL
    FROM usable u WHERE v.id = u.id
), redeemed AS (
    INSERT INTO offers_redemption
        (public_id, voucher_id, member_id, receipt, store_id, key, at, recorded_at,
         value, amount, quantity, returned_amount, returned_quantity, given_back,
         is_undone, lines)
    SELECT points_new_id(), u.id, u.member_id, u.receipt, u.store, '', u.at, %(now)s,
        u.worth, u.amount, u.quantity, 0, 0, 0, false, '[]'
    FROM usable u ORDER BY u.at, u.id
), logged AS (
    INSERT INTO offers_voucherevent
        (voucher_id, member_id, kind, at, recorded_at, value, receipt, store_id, reason)
    SELECT u.id, u.member_id, 'USED', u.at, %(now)s, u.worth, u.receipt, u.store, ''
    FROM usable u ORDER BY u.at, u.id
), told AS (
    INSERT INTO members_event
        (public_id, member_id, kind, at, recorded_at, data, subject_type, subject_id)
    SELECT points_new_id(), u.member_id, 'offers.voucher_used', u.at, %(now)s,
        offers_event_data(u.voucher, u.worth), 'voucher', (u.voucher).public_id
    FROM usable u JOIN members_member m ON m.id = u.member_id
    WHERE m.status <> 'ERASED' ORDER BY u.at, u.id
)
SELECT count(*) FROM usable
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A purchase that used a voucher, with the money and quantity of its goods.

    The caller knows that there are some, and whose the purchase is.
    """

    voucher_id: int
    receipt: UUID
    store_id: int
    at: datetime
    currency: str
    amount: Decimal
    quantity: Decimal


def use_many(*, programme_id: int, uses: Sequence[Use], now: datetime) -> int:
    """Use vouchers; return how many could be.

    Those that are used, lapsed, withdrawn, reserved, not valid yet, held or in another
    currency are left out, those for goods, and those that the purchase has used before.
    """
    values: dict[str, Any] = {
        "programme": programme_id,
        "now": now,
        "vouchers": [use.voucher_id for use in uses],
        "receipts": [use.receipt for use in uses],
        "stores": [use.store_id for use in uses],
        "at": [use.at for use in uses],
        "currencies": [use.currency for use in uses],
        "amounts": [use.amount for use in uses],
        "quantities": [use.quantity for use in uses],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_USE, values)
        return int(cursor.fetchone()[0])
