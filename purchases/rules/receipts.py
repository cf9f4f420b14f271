"""What a receipt is: values as they were read, before anybody decides anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

# How long an anonymous receipt can be claimed. Not for ever: mobile numbers are given
# to other people after some months, and they must not get somebody else's purchases.
CLAIM_WITHIN = timedelta(days=60)
# What a till may send beside the club's own: where Nordic clubs have their shops.
CURRENCIES = frozenset({"SEK", "DKK", "NOK", "EUR"})

_NOTHING = Decimal("0.00")


class LineKind(StrEnum):
    """What a line does: sells, takes back, or only corrects the sum."""

    PURCHASE = "PURCHASE"
    RETURN = "RETURN"
    ADJUSTMENT = "ADJUSTMENT"


class ContactKind(StrEnum):
    """What a contact's key is, once it has been read."""

    PHONE = "phone"
    EMAIL = "email"
    NUMBER = "number"
    CARD = "card"
    ID = "id"
    EXTERNAL = "external"


def external_value(system: str, value: str) -> str:
    """Return another system's id as one value: neither part can hold a tab."""
    return f"{system}\t{value}"


@dataclass(frozen=True, slots=True)
class Club:
    """What of a programme a receipt is read by."""

    programme_id: int
    currency: str
    country: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class ContactIn:
    """Whom the till named: what the value is, and the value in its one form."""

    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class DiscountIn:
    """A discount as the till describes it; kept for show."""

    value: Decimal
    kind: str
    description: str


# Not frozen, for a load makes millions of them, and setting frozen fields takes three
# times as long.
@dataclass(slots=True)
class LineIn:
    """One line as the till reports it."""

    number: int
    kind: LineKind
    sku: str
    article_number: str
    article_name: str
    article_group: str
    quantity: Decimal
    gross_paid: Decimal
    tax_amount: Decimal
    tax_percent: Decimal
    awards_bonus: bool
    discounts: tuple[DiscountIn, ...]
    original_number: int | None

    @property
    def amount(self) -> Decimal:
        """Return what the line adds to the receipt's total."""
        return -self.gross_paid if self.quantity < 0 else self.gross_paid


@dataclass(frozen=True, slots=True)
class PaymentIn:
    """One means of payment and what was paid with it."""

    kind: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class TaxIn:
    """The tax of one rate."""

    percent: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ReceiptIn:
    """A receipt that was read and found sound."""

    unique_receipt_id: str
    receipt_number: str
    contact: ContactIn | None
    purchased_at: datetime
    business_on: date
    store_code: str
    till_code: str
    currency: str
    total: Decimal
    payments: tuple[PaymentIn, ...]
    taxes: tuple[TaxIn, ...]
    lines: tuple[LineIn, ...]
    original_unique_id: str
    # The codes of the vouchers that it redeems.
    vouchers: tuple[str, ...] = ()
    # What a web shop called the purchase when it reserved or used one of them for it.
    purchase: str = ""


def content_sums_to(lines: Sequence[LineIn]) -> Decimal:
    """Return the total that the lines make."""
    return sum((line.amount for line in lines), _NOTHING)
