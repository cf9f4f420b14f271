"""What the offers say of a voucher that a receipt names and that cannot be used."""

from collections.abc import Sequence

from django.db import DatabaseError

from common.problems import Problem, invalid
from offers.faults import CODES
from offers.vouchers.validity import Why
from purchases.parsing import fault


def used_before(error: DatabaseError, vouchers: Sequence[str]) -> int | None:
    """Return the place of a voucher that another purchase used; None for another error.

    The sale is finished and its goods are gone: no till loses it for that.
    """
    if _state(error) != Why.USED:
        return None
    return _place(error, vouchers)


def refused_voucher(error: DatabaseError, vouchers: Sequence[str]) -> Problem | None:
    """Return what is wrong with a voucher, and which one; None for another error."""
    state = _state(error)
    if state not in set(Why):
        return None
    code, _status = CODES[Why(state)]
    return invalid([fault(f"/vouchers/{_place(error, vouchers)}", code)])


def _state(error: DatabaseError) -> str:
    return getattr(error.__cause__, "sqlstate", "") or ""


def _place(error: DatabaseError, vouchers: Sequence[str]) -> int:
    # The detail is the code as it was sent.
    diagnosis = getattr(error.__cause__, "diag", None)
    said = getattr(diagnosis, "message_detail", None)
    return vouchers.index(said) if said in vouchers else 0
