"""What the offers say of a voucher that a receipt names and that cannot be used."""

from collections.abc import Sequence

from django.db import DatabaseError

from common.problems import Problem, invalid
from offers.faults import CODES
from offers.vouchers.validity import Why
from purchases.parsing import fault


def refused_voucher(error: DatabaseError, vouchers: Sequence[str]) -> Problem | None:
    """Return what is wrong with a voucher, and which one; None for another error."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", "") or ""
    if state not in set(Why):
        return None
    code, _status = CODES[Why(state)]
    # The detail is the code as it was sent.
    said = getattr(getattr(cause, "diag", None), "message_detail", None)
    place = vouchers.index(said) if said in vouchers else 0
    return invalid([fault(f"/vouchers/{place}", code)])
