"""Read a receipt's JSON, and say everything that is wrong with it at once.

Written by hand and not with serializers, because the till waits: a receipt is read in
a tenth of the time. `purchases.documents` describes the same fields for people; a test
holds the two together.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from common.codes import fault_words
from common.problems import Fault, invalid
from members import cards, phones
from purchases import rules
from purchases.rules import (
    Club,
    ContactIn,
    ContactKind,
    DiscountIn,
    LineIn,
    LineKind,
    PaymentIn,
    ReceiptIn,
    TaxIn,
)

MOST_LINES = 1000
LONGEST_SYSTEM = 32
MOST_PARTS = 100  # payments, taxes, discounts of a line
MOST_VOUCHERS = 20
MOST_FAULTS = 100
# Cash is rounded to whole kronor in Sweden and Norway, to half ones in Denmark.
ROUNDING = Decimal("0.50")
# A till's clock may be a little ahead of ours.
CLOCK_SLACK = timedelta(minutes=10)
# A day of business may begin before midnight.
DAY_SLACK = timedelta(days=1)
# More than anybody pays at a till; keeps points within what an integer holds.
LARGEST = Decimal("9999999.99")

_LARGEST_QUANTITY = Decimal(999999)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?\Z")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,63}\Z")
_CENT = Decimal("0.01")
_MILLE = Decimal("0.001")
_ZERO = Decimal("0.00")
_KINDS = {kind.value: kind for kind in LineKind}
_EXTERNAL = "ExternalId"


def parse(body: object, *, club: Club, now: datetime) -> ReceiptIn:
    """Return the receipt in a JSON body.

    Raises:
        Problem: 422 with every fault, each with the place it is at.
    """
    reader = _Reader()
    receipt = _receipt(reader, body, club, now)
    if receipt is None or reader.faults:
        raise invalid(reader.faults)
    return receipt


def fault(pointer: str, code: str) -> Fault:
    """Return a fault with its words."""
    return Fault(pointer, code, fault_words(code))


class _Reader:
    """Takes typed values out of JSON objects and keeps what is wrong with them.

    A value with a fault is read as something harmless, so that reading goes on.
    """

    __slots__ = ("faults",)

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, pointer: str, code: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault(pointer, code))

    def text(
        self, of: dict[str, Any], key: str, at: str, longest: int, *, needed: bool
    ) -> str:
        value = of.get(key)
        if value is None or value == "":
            if needed:
                self.fault(f"{at}/{key}", "required")
            return ""
        if not isinstance(value, str):
            self.fault(f"{at}/{key}", "not_text")
            return ""
        value = value.strip()
        if len(value) > longest:
            self.fault(f"{at}/{key}", "too_long")
        elif not value.isprintable() and not _is_storable(value):
            self.fault(f"{at}/{key}", "not_plain_text")
        elif value:
            return value
        elif needed:
            self.fault(f"{at}/{key}", "required")
        return ""

    def number(
        self,
        of: dict[str, Any],
        key: str,
        at: str,
        *,
        largest: Decimal = LARGEST,
        unit: Decimal = _CENT,
        needed: bool = True,
    ) -> Decimal:
        value = of.get(key)
        if value is None:
            if needed:
                self.fault(f"{at}/{key}", "required")
            return _ZERO
        if isinstance(value, str):
            if not _NUMBER.match(value):
                self.fault(f"{at}/{key}", "not_an_amount")
                return _ZERO
            value = Decimal(value)
        elif isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.fault(f"{at}/{key}", "not_an_amount")
            return _ZERO
        if not -largest <= value <= largest:
            self.fault(f"{at}/{key}", "too_large")
            return _ZERO
        rounded = Decimal(value).quantize(unit)
        if rounded != value:
            self.fault(f"{at}/{key}", "too_precise")
            return _ZERO
        # Minus nothing is nothing, and is written the same.
        return rounded or rounded.copy_abs()

    def objects(
        self, of: dict[str, Any], key: str, at: str, most: int, *, needed: bool
    ) -> list[tuple[str, dict[str, Any]]]:
        value = of.get(key)
        if value is None:
            if needed:
                self.fault(f"{at}/{key}", "required")
            return []
        if not isinstance(value, list):
            self.fault(f"{at}/{key}", "not_a_list")
            return []
        if len(value) > most:
            self.fault(f"{at}/{key}", "too_many")
            return []
        found = []
        for place, part in enumerate(value):
            if isinstance(part, dict):
                found.append((f"{at}/{key}/{place}", part))
            else:
                self.fault(f"{at}/{key}/{place}", "not_an_object")
        return found


def _receipt(
    reader: _Reader, body: object, club: Club, now: datetime
) -> ReceiptIn | None:
    if not isinstance(body, dict):
        reader.fault("/", "not_an_object")
        return None
    purchased_at = _moment(reader, body, club, now)
    receipt = ReceiptIn(
        unique_receipt_id=reader.text(body, "uniqueReceiptId", "", 128, needed=True),
        receipt_number=reader.text(body, "receiptNumber", "", 64, needed=True),
        contact=_contact(reader, body, club, purchased_at),
        purchased_at=purchased_at,
        business_on=_business_day(reader, body, club, purchased_at, now),
        store_code=reader.text(body, "storeExternalId", "", 40, needed=True),
        till_code=reader.text(body, "tillId", "", 40, needed=False),
        currency=reader.text(body, "currency", "", 3, needed=True).upper(),
        total=reader.number(body, "totalGrossPrice", ""),
        payments=_payments(reader, body),
        taxes=_taxes(reader, body),
        lines=_lines(reader, body),
        original_unique_id=_original(reader, body),
        vouchers=_vouchers(reader, body),
        purchase=reader.text(body, "purchase", "", 96, needed=False),
    )
    if not reader.faults:
        _check_sums(reader, receipt, club)
    return receipt


def _check_sums(reader: _Reader, receipt: ReceiptIn, club: Club) -> None:
    """Check what only shows when the receipt is seen as a whole."""
    if receipt.currency not in rules.CURRENCIES | {club.currency}:
        reader.fault("/currency", "wrong_currency")
    gives_back = any(line.kind is not LineKind.PURCHASE for line in receipt.lines)
    if receipt.total < 0 and not gives_back:
        reader.fault("/totalGrossPrice", "negative")
    if rules.content_sums_to(receipt.lines) != receipt.total:
        reader.fault("/totalGrossPrice", "lines_do_not_sum")
    paid = sum((payment.value for payment in receipt.payments), _ZERO)
    if abs(paid - receipt.total) > ROUNDING:
        reader.fault("/paymentMethods", "payments_do_not_sum")
    if receipt.original_unique_id == receipt.unique_receipt_id:
        reader.fault("/originalReceipt", "returns_itself")


# THE HEADER


def _moment(
    reader: _Reader, body: dict[str, Any], club: Club, now: datetime
) -> datetime:
    text = reader.text(body, "createdDate", "", 40, needed=True)
    if not text:
        return now
    try:
        # A date alone would be read as its midnight, which no till means.
        moment = datetime.fromisoformat(text if len(text) > 10 else "")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=club.zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        reader.fault("/createdDate", "not_a_moment")
        return now
    if moment > now + CLOCK_SLACK:
        reader.fault("/createdDate", "in_the_future")
        return now
    if moment < _EARLIEST:
        reader.fault("/createdDate", "too_long_ago")
        return now
    return moment


def _business_day(
    reader: _Reader,
    body: dict[str, Any],
    club: Club,
    purchased_at: datetime,
    now: datetime,
) -> date:
    sold_on = purchased_at.astimezone(club.zone).date()
    text = reader.text(body, "businessDate", "", 10, needed=False)
    if not text:
        return sold_on
    try:
        day = date.fromisoformat(text)
    except ValueError:
        reader.fault("/businessDate", "not_a_date")
        return sold_on
    if day > (now + DAY_SLACK).astimezone(club.zone).date():
        reader.fault("/businessDate", "in_the_future")
    elif day < _EARLIEST.date():
        reader.fault("/businessDate", "too_long_ago")
    return day


def _original(reader: _Reader, body: dict[str, Any]) -> str:
    """Read the receipt that is returned, named by its id or in an object."""
    original = body.get("originalReceipt")
    if isinstance(original, dict):
        at = "/originalReceipt"
        named = reader.text(original, "uniqueReceiptId", at, 128, needed=True)
    else:
        named = reader.text(body, "originalReceipt", "", 128, needed=False)
    items = body.get("items")
    # Named on a receipt that returns nothing, it says nothing.
    returns = isinstance(items, list) and any(
        isinstance(item, dict) and item.get("type") == "RETURN" for item in items
    )
    return named if returns else ""


# THE CONTACT


def _contact(
    reader: _Reader, body: dict[str, Any], club: Club, purchased_at: datetime
) -> ContactIn | None:
    contact = body.get("contact")
    if contact is None:
        return None
    if not isinstance(contact, dict):
        reader.fault("/contact", "not_an_object")
        return None
    named = reader.text(contact, "matchKeyType", "/contact", 20, needed=True)
    value = reader.text(contact, "matchKey", "/contact", 254, needed=True)
    if named == _EXTERNAL:
        return _external(reader, contact, value)
    if not named or not value:
        return None
    read = _CONTACTS.get(named)
    if read is None:
        reader.fault("/contact/matchKeyType", "unknown_key_type")
        return None
    return read(reader, value, club, purchased_at)


def _phone(
    reader: _Reader, value: str, club: Club, _purchased_at: datetime
) -> ContactIn | None:
    try:
        phone = phones.normalize(value, country=club.country)
    except phones.PhoneInvalid:
        reader.fault("/contact/matchKey", "phone_malformed")
        return None
    return ContactIn(ContactKind.PHONE, phone)


def _email(
    reader: _Reader, value: str, _club: Club, _purchased_at: datetime
) -> ContactIn | None:
    if not _EMAIL.match(value):
        reader.fault("/contact/matchKey", "email_malformed")
        return None
    return ContactIn(ContactKind.EMAIL, value.lower())


def _number(
    reader: _Reader, value: str, _club: Club, _purchased_at: datetime
) -> ContactIn | None:
    digits = "".join(value.split())
    if not cards.is_number(digits):
        reader.fault("/contact/matchKey", "number_malformed")
        return None
    return ContactIn(ContactKind.NUMBER, digits)


def _card(
    _reader: _Reader, value: str, _club: Club, purchased_at: datetime
) -> ContactIn | None:
    """Read a scanned card: the member's number, the card's code, or another card."""
    digits = "".join(value.split())
    if cards.is_number(digits):
        return ContactIn(ContactKind.NUMBER, digits)
    # Good at the time of purchase: a till that was offline sends it hours later.
    public_id = cards.read_token(value, now=purchased_at)
    if public_id is not None:
        return ContactIn(ContactKind.ID, str(public_id))
    return ContactIn(ContactKind.CARD, digits.upper())


def _id(
    reader: _Reader, value: str, _club: Club, _purchased_at: datetime
) -> ContactIn | None:
    try:
        return ContactIn(ContactKind.ID, str(UUID(value)))
    except ValueError:
        reader.fault("/contact/matchKey", "id_malformed")
        return None


def _external(reader: _Reader, contact: dict[str, Any], value: str) -> ContactIn | None:
    """Read another system's id; which system is it must be said with it."""
    system = reader.text(
        contact, "matchKeySystem", "/contact", LONGEST_SYSTEM, needed=True
    )
    if not value or not system:
        return None
    for name, given in (("matchKey", value), ("matchKeySystem", system)):
        if not given.isprintable():
            reader.fault(f"/contact/{name}", "not_plain_text")
            return None
    return ContactIn(ContactKind.EXTERNAL, rules.external_value(system, value))


_CONTACTS: dict[str, Callable[[_Reader, str, Club, datetime], ContactIn | None]] = {
    "MobilePhone": _phone,
    "Email": _email,
    "MemberNumber": _number,
    "CardId": _card,
    "ContactId": _id,
}
KEY_TYPES = (*_CONTACTS, _EXTERNAL)


# PAYMENTS, TAXES, LINES


def _payments(reader: _Reader, body: dict[str, Any]) -> tuple[PaymentIn, ...]:
    parts = reader.objects(body, "paymentMethods", "", MOST_PARTS, needed=True)
    return tuple(
        PaymentIn(
            kind=reader.text(part, "type", at, 40, needed=True),
            value=reader.number(part, "value", at),
        )
        for at, part in parts
    )


def _vouchers(reader: _Reader, body: dict[str, Any]) -> tuple[str, ...]:
    """Read the codes of the vouchers that the receipt redeems, as they were sent."""
    codes = body.get("vouchers")
    if codes is None:
        return ()
    if not isinstance(codes, list):
        reader.fault("/vouchers", "not_a_list")
        return ()
    if len(codes) > MOST_VOUCHERS:
        reader.fault("/vouchers", "too_many")
        return ()
    found: list[str] = []
    for place, code in enumerate(codes):
        named = {str(place): code}
        said = reader.text(named, str(place), "/vouchers", 40, needed=True)
        if said in found:
            reader.fault(f"/vouchers/{place}", "voucher_twice")
        elif said:
            found.append(said)
    return tuple(found)


def _taxes(reader: _Reader, body: dict[str, Any]) -> tuple[TaxIn, ...]:
    parts = reader.objects(body, "taxDetails", "", MOST_PARTS, needed=False)
    return tuple(
        TaxIn(
            percent=reader.number(part, "percent", at, largest=Decimal(100)),
            amount=reader.number(part, "amount", at),
        )
        for at, part in parts
    )


def _lines(reader: _Reader, body: dict[str, Any]) -> tuple[LineIn, ...]:
    parts = reader.objects(body, "items", "", MOST_LINES, needed=True)
    if body.get("items") == []:
        reader.fault("/items", "required")
    return tuple(
        _line(reader, part, at, number)
        for number, (at, part) in enumerate(parts, start=1)
    )


def _line(reader: _Reader, item: dict[str, Any], at: str, number: int) -> LineIn:
    before = len(reader.faults)
    line = LineIn(
        number=number,
        kind=_line_kind(reader, item, at),
        sku=reader.text(item, "sku", at, 64, needed=True),
        article_number=reader.text(item, "articleNumber", at, 64, needed=True),
        article_name=reader.text(item, "articleName", at, 160, needed=True),
        article_group=reader.text(item, "articleGroup", at, 60, needed=False),
        quantity=reader.number(
            item, "quantity", at, largest=_LARGEST_QUANTITY, unit=_MILLE
        ),
        gross_paid=reader.number(item, "grossPaidPrice", at),
        tax_amount=reader.number(item, "taxAmount", at),
        tax_percent=reader.number(item, "taxPercent", at, largest=Decimal(100)),
        awards_bonus=_flag(reader, item, "awardsBonus", at),
        discounts=_discounts(reader, item, at),
        original_number=_original_line(reader, item, at),
    )
    if len(reader.faults) == before:
        _check_line(reader, line, at)
    return line


def _line_kind(reader: _Reader, item: dict[str, Any], at: str) -> LineKind:
    named = reader.text(item, "type", at, 20, needed=True)
    kind = _KINDS.get(named)
    if named and kind is None:
        reader.fault(f"{at}/type", "unknown_line_type")
    return kind or LineKind.ADJUSTMENT


def _check_line(reader: _Reader, line: LineIn, at: str) -> None:
    wrong = {
        LineKind.PURCHASE: line.quantity <= 0,
        LineKind.RETURN: line.quantity >= 0,
        LineKind.ADJUSTMENT: line.quantity == 0,
    }
    if wrong[line.kind]:
        reader.fault(f"{at}/quantity", "quantity_sign")
    if line.gross_paid < 0 and line.kind is not LineKind.ADJUSTMENT:
        reader.fault(f"{at}/grossPaidPrice", "negative")


def _flag(reader: _Reader, item: dict[str, Any], key: str, at: str) -> bool:
    value = item.get(key)
    if value is None:
        return True
    if not isinstance(value, bool):
        reader.fault(f"{at}/{key}", "not_a_flag")
        return True
    return value


def _original_line(reader: _Reader, item: dict[str, Any], at: str) -> int | None:
    value = item.get("originalLine")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        reader.fault(f"{at}/originalLine", "not_a_line_number")
        return None
    if value > MOST_LINES:
        reader.fault(f"{at}/originalLine", "too_large")
        return None
    return value


def _discounts(
    reader: _Reader, item: dict[str, Any], at: str
) -> tuple[DiscountIn, ...]:
    if not item.get("discounts"):
        return ()
    parts = reader.objects(item, "discounts", at, MOST_PARTS, needed=False)
    return tuple(
        DiscountIn(
            value=reader.number(part, "value", inner),
            kind=reader.text(part, "type", inner, 40, needed=False),
            description=reader.text(part, "description", inner, 160, needed=False),
        )
        for inner, part in parts
    )


def _is_storable(text: str) -> bool:
    """Tell whether a text is free of control characters and halves of characters."""
    return not any(
        sign < " " or "\x7f" <= sign < "\xa0" or "\ud800" <= sign <= "\udfff"
        for sign in text
    )
