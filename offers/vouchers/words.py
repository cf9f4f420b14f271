"""What is said about vouchers, to members and staff alike."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.money import display
from offers.models import Voucher
from offers.texts import in_language
from offers.vouchers.validity import Why

WHY_NOT: dict[Why, str | Promise] = {
    Why.UNKNOWN: gettext_lazy("There is no such voucher."),
    Why.USED: gettext_lazy("The voucher was used already."),
    Why.EXPIRED: gettext_lazy("The voucher is no longer valid."),
    Why.ANOTHERS: gettext_lazy("The voucher belongs to another member."),
    Why.NEEDS_PURCHASE: gettext_lazy("The voucher needs goods that are bought."),
    Why.RESERVED: gettext_lazy("The voucher is reserved for another purchase."),
    Why.WITHDRAWN: gettext_lazy("The voucher was withdrawn."),
    Why.GOODS_MISSING: gettext_lazy("What the voucher is for is not on the receipt."),
    Why.NOT_YET: gettext_lazy("The voucher is not valid yet."),
    Why.HELD: gettext_lazy("The voucher is held after a change of contact details."),
    Why.NOT_A_MEMBER: gettext_lazy("The voucher's membership is blocked or has ended."),
    Why.OTHER_CURRENCY: gettext_lazy("The voucher is in another currency."),
}
NOT_RESERVED = gettext_lazy("This purchase does not hold the voucher.")
# A code is read in groups of four, as it is printed.
_GROUP = 4


def title(voucher: Voucher) -> str:
    """Say what a voucher gives: `50 kr`, or what goods."""
    if voucher.kind == Voucher.Kind.GOODS:
        return in_language(voucher.texts) or _("Goods")
    return display(voucher.worth or voucher.value, voucher.currency)


def code(voucher: Voucher) -> str:
    """Write a code in groups of four."""
    signs = voucher.code
    return "-".join(
        signs[place : place + _GROUP] for place in range(0, len(signs), _GROUP)
    )


def stored_code(text: str) -> str:
    """Return a code as it is stored, however somebody wrote it; as `offers_code`."""
    signs = "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())
    return signs.translate(str.maketrans("OIL", "011"))


def last_day(voucher: Voucher, zone: ZoneInfo) -> str:
    """Return the last day on which a voucher is valid, in the club's zone."""
    return day_before(voucher.expires_at, zone)


def day_before(moment: datetime, zone: ZoneInfo) -> str:
    """Return the day that ends at a moment."""
    last = (moment - timedelta(microseconds=1)).astimezone(zone).date()
    return formats.date_format(last, "DATE_FORMAT")


def what(*, kind: str, value: Decimal, currency: str, texts: dict[str, str]) -> str:
    """Say what a voucher gives, from what an event kept of it."""
    if kind == Voucher.Kind.GOODS:
        return in_language(texts) or _("Goods")
    return display(value, currency)
