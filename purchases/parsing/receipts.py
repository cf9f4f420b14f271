"""Read a receipt: its header, what paid it, and what only shows as a whole."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from common.problems import invalid
from purchases import rules
from purchases.parsing.contact import read_contact
from purchases.parsing.lines import read_lines
from purchases.parsing.reader import ZERO, Reader
from purchases.rules import Club, LineKind, PaymentIn, ReceiptIn, TaxIn

MOST_PARTS = 100  # payments, taxes
MOST_VOUCHERS = 20
# Cash is rounded to whole kronor in Sweden and Norway, to half ones in Denmark.
ROUNDING = Decimal("0.50")
# A till's clock may be a little ahead of ours.
CLOCK_SLACK = timedelta(minutes=10)
# A day of business may begin before midnight.
DAY_SLACK = timedelta(days=1)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def parse(body: object, *, club: Club, now: datetime) -> ReceiptIn:
    """Return the receipt in a JSON body.

    Raises:
        Problem: 422 with every fault, each with the place it is at.
    """
    reader = Reader()
    receipt = _receipt(reader, body, club, now)
    if receipt is None or reader.faults:
        raise invalid(reader.faults)
    return receipt


def _receipt(
    reader: Reader, body: object, club: Club, now: datetime
) -> ReceiptIn | None:
    if not isinstance(body, dict):
        reader.fault("/", "not_an_object")
        return None
    purchased_at = _moment(reader, body, club, now)
    receipt = ReceiptIn(
        unique_receipt_id=reader.text(body, "uniqueReceiptId", "", 128, needed=True),
        receipt_number=reader.text(body, "receiptNumber", "", 64, needed=True),
        contact=read_contact(reader, body, club, purchased_at),
        purchased_at=purchased_at,
        business_on=_business_day(reader, body, club, purchased_at, now),
        store_code=reader.text(body, "storeExternalId", "", 40, needed=True),
        till_code=reader.text(body, "tillId", "", 40, needed=False),
        currency=reader.text(body, "currency", "", 3, needed=True).upper(),
        total=reader.number(body, "totalGrossPrice", ""),
        payments=_payments(reader, body),
        taxes=_taxes(reader, body),
        lines=read_lines(reader, body),
        original_unique_id=_original(reader, body),
        vouchers=_vouchers(reader, body),
        purchase=reader.text(body, "purchase", "", 96, needed=False),
    )
    if not reader.faults:
        _check_sums(reader, receipt, club)
    return receipt


def _check_sums(reader: Reader, receipt: ReceiptIn, club: Club) -> None:
    """Check what only shows when the receipt is seen as a whole."""
    if receipt.currency not in rules.CURRENCIES | {club.currency}:
        reader.fault("/currency", "wrong_currency")
    gives_back = any(line.kind is not LineKind.PURCHASE for line in receipt.lines)
    if receipt.total < 0 and not gives_back:
        reader.fault("/totalGrossPrice", "negative")
    if rules.content_sums_to(receipt.lines) != receipt.total:
        reader.fault("/totalGrossPrice", "lines_do_not_sum")
    paid = sum((payment.value for payment in receipt.payments), ZERO)
    if abs(paid - receipt.total) > ROUNDING:
        reader.fault("/paymentMethods", "payments_do_not_sum")
    if receipt.original_unique_id == receipt.unique_receipt_id:
        reader.fault("/originalReceipt", "returns_itself")


# THE HEADER


def _moment(
    reader: Reader, body: dict[str, Any], club: Club, now: datetime
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
    reader: Reader,
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


def _original(reader: Reader, body: dict[str, Any]) -> str:
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


# WHAT PAID IT


def _payments(reader: Reader, body: dict[str, Any]) -> tuple[PaymentIn, ...]:
    parts = reader.objects(body, "paymentMethods", "", MOST_PARTS, needed=True)
    return tuple(
        PaymentIn(
            kind=reader.text(part, "type", at, 40, needed=True),
            value=reader.number(part, "value", at),
        )
        for at, part in parts
    )


def _vouchers(reader: Reader, body: dict[str, Any]) -> tuple[str, ...]:
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


def _taxes(reader: Reader, body: dict[str, Any]) -> tuple[TaxIn, ...]:
    parts = reader.objects(body, "taxDetails", "", MOST_PARTS, needed=False)
    return tuple(
        TaxIn(
            percent=reader.number(part, "percent", at, largest=Decimal(100)),
            amount=reader.number(part, "amount", at),
        )
        for at, part in parts
    )
