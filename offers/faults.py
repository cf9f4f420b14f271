"""What can be wrong with calls about vouchers: the stable codes and their words."""

from django.utils.translation import gettext_lazy as _

from common.codes import register_fault, register_problem
from offers.vouchers.validity import Why
from offers.vouchers.words import NOT_RESERVED, WHY_NOT

# Which code and status a refusal has on the API; receipts answer with the same codes.
CODES: dict[Why, tuple[str, int]] = {
    Why.UNKNOWN: ("voucher_unknown", 404),
    Why.USED: ("voucher_used", 409),
    Why.EXPIRED: ("voucher_expired", 409),
    Why.ANOTHERS: ("voucher_not_theirs", 409),
    Why.NEEDS_PURCHASE: ("voucher_needs_purchase", 409),
    Why.RESERVED: ("voucher_reserved", 409),
    Why.WITHDRAWN: ("voucher_withdrawn", 409),
    Why.GOODS_MISSING: ("voucher_other_goods", 409),
    Why.NOT_YET: ("voucher_too_early", 409),
    Why.HELD: ("voucher_held", 409),
    Why.NOT_A_MEMBER: ("voucher_not_a_member", 409),
    Why.OTHER_CURRENCY: ("voucher_other_currency", 409),
}


def register() -> None:
    """Write the codes down; called once, when the room is ready."""
    for why, (code, status) in CODES.items():
        register_problem(code, status, WHY_NOT[why])
    register_problem("voucher_not_reserved", 409, NOT_RESERVED)
    register_fault("unknown_member", _("The club has no such member."))
