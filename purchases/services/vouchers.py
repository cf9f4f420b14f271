"""What the offers say of a voucher that a receipt names and that cannot be used."""

from collections.abc import Sequence

from django.db import DatabaseError

from common.problems import Problem, invalid
from purchases.parsing import fault

# As offers documents them: the reasons, by the SQLSTATE that they are raised with.
_REFUSALS = {
    "SKV01": "voucher_unknown",
    "SKV02": "voucher_used",
    "SKV03": "voucher_expired",
    "SKV04": "voucher_not_theirs",
    "SKV05": "voucher_needs_purchase",
    "SKV06": "voucher_reserved",
    "SKV07": "voucher_withdrawn",
    "SKV08": "voucher_other_goods",
    "SKV09": "voucher_too_early",
    "SKV10": "voucher_held",
}


def refused_voucher(error: DatabaseError, vouchers: Sequence[str]) -> Problem | None:
    """Return what is wrong with a voucher, and which one; None for another error."""
    cause = error.__cause__
    code = _REFUSALS.get(getattr(cause, "sqlstate", "") or "")
    if code is None:
        return None
    # The detail is the code as it was sent.
    said = getattr(getattr(cause, "diag", None), "message_detail", None)
    place = vouchers.index(said) if said in vouchers else 0
    return invalid([fault(f"/vouchers/{place}", code)])
