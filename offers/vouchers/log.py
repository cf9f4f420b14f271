"""The log of a voucher, which only grows, and the member's timeline beside it."""

from datetime import datetime
from decimal import Decimal

from django.db import connection

from offers.models import Voucher, VoucherEvent
from stores.models import Staff, Store

_TELL = """
SELECT offers_tell(v, %s, %s, %s, %s, NULL, %s, %s, %s)
FROM offers_voucher v WHERE v.id = %s
"""


def tell(
    voucher: Voucher,
    kind: VoucherEvent.Kind,
    *,
    now: datetime,
    value: Decimal = Decimal(0),
    store: Store | None = None,
    staff: Staff | None = None,
    reason: str = "",
) -> None:
    """Write a line of the log, and of the timeline where members see it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            [
                kind.value,
                value,
                now,
                now,
                store.pk if store else None,
                staff.pk if staff else None,
                reason,
                voucher.pk,
            ],
        )
