"""What can be wrong with a receipt: the stable codes and their words."""

from django.utils.translation import gettext_lazy as _

from common.codes import register_fault, register_problem
from offers.faults import CODES
from offers.vouchers.words import WHY_NOT

_FAULTS = {
    "not_a_list": _("Must be a JSON list."),
    "not_plain_text": _("The text holds characters that cannot be stored."),
    "not_an_amount": _("Must be an amount such as 129.50."),
    "too_precise": _("Has too many decimals."),
    "too_large": _("The number is too large."),
    "negative": _("Must not be negative."),
    "not_a_flag": _("Must be true or false."),
    "not_a_line_number": _("Must be the number of a line, from 1."),
    "not_a_moment": _("Must be a date and time such as 2026-11-20T17:04:33+01:00."),
    "not_a_date": _("Must be a date such as 2026-11-20."),
    "in_the_future": _("Lies in the future."),
    "too_long_ago": _("Lies before the year 2000."),
    "unknown_key_type": _(
        "Must be MobilePhone, Email, MemberNumber, CardId, ContactId or ExternalId."
    ),
    "id_malformed": _("Is no id of a member."),
    "unknown_line_type": _("Must be PURCHASE, RETURN or ADJUSTMENT."),
    "quantity_sign": _(
        "Must be above zero on a purchase, below zero on a return and not zero else."
    ),
    "too_many": _("Has too many entries."),
    "unknown_store": _("No store of the club has this id."),
    "wrong_currency": _("Must be the club's currency, or SEK, DKK, NOK or EUR."),
    "lines_do_not_sum": _("The lines do not add up to totalGrossPrice."),
    "payments_do_not_sum": _(
        "The payments do not add up to totalGrossPrice (0.50 is allowed for rounding)."
    ),
    "returns_itself": _("A receipt cannot return itself."),
    "voucher_twice": _("The voucher is named twice."),
    "voucher_for_gift_card": _("A voucher cannot pay for a gift card."),
}


def register() -> None:
    """Write the codes down; called once, when the room is ready."""
    register_problem(
        "receipt_differs",
        409,
        _(
            "A receipt with this uniqueReceiptId was recorded with other content, "
            "listed under `differences`. What was recorded first stays."
        ),
    )
    register_problem(
        "store_not_allowed", 403, _("The API key does not serve the receipt's store.")
    )
    for code, words in _FAULTS.items():
        register_fault(code, words)
    for why, (code, _status) in CODES.items():
        register_fault(code, WHY_NOT[why])
