"""A stored receipt as the value that it was when it came in."""

from collections.abc import Iterable
from decimal import Decimal

from purchases.models import Receipt, ReceiptLine
from purchases.rules import (
    ContactIn,
    ContactKind,
    DiscountIn,
    LineIn,
    LineKind,
    PaymentIn,
    ReceiptIn,
    TaxIn,
)


def line_of(line: ReceiptLine) -> LineIn:
    """Return a line as the till reported it."""
    return LineIn(
        number=line.number,
        kind=LineKind(line.kind),
        sku=line.sku,
        article_number=line.article_number,
        article_name=line.article_name,
        article_group=line.article_group,
        quantity=line.quantity,
        gross_paid=line.gross_paid,
        tax_amount=line.tax_amount,
        tax_percent=line.tax_percent,
        awards_bonus=line.awards_bonus,
        discounts=tuple(
            DiscountIn(Decimal(each["value"]), each["type"], each["description"])
            for each in line.discounts
        ),
        original_number=line.original_number,
    )


def receipt_of(
    receipt: Receipt, lines: Iterable[ReceiptLine], *, member_id: str
) -> ReceiptIn:
    """Return a receipt as if this member had been named on it."""
    return ReceiptIn(
        unique_receipt_id=receipt.unique_receipt_id,
        receipt_number=receipt.receipt_number,
        contact=ContactIn(ContactKind.ID, member_id),
        purchased_at=receipt.purchased_at,
        business_on=receipt.business_on,
        store_code=receipt.store.code,
        till_code=receipt.till_code,
        currency=receipt.currency,
        total=receipt.total,
        payments=tuple(
            PaymentIn(each["type"], Decimal(each["value"])) for each in receipt.payments
        ),
        taxes=tuple(
            TaxIn(Decimal(each["percent"]), Decimal(each["amount"]))
            for each in receipt.taxes
        ),
        lines=tuple(map(line_of, lines)),
        original_unique_id=receipt.original_unique_id,
    )
