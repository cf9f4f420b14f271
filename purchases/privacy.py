"""Personal data in this room: what members bought."""

from consent.erasure import register_hook
from consent.registry import (
    Basis,
    DataClass,
    Erase,
    Export,
    Field,
    Retention,
    Use,
    each,
    register,
)
from purchases import erasure
from purchases.models import MonthSum, Receipt, ReceiptLine

# Receipts are vouchers of the books: erasure leaves them, tied to nobody.
_PURCHASE = Field(
    DataClass.PURCHASE,
    Use.PURCHASES,
    Basis.CONTRACT,
    Retention.BOOKS,
    Export.YES,
    Erase.KEEP,
)
_KEY = Field(
    DataClass.KEY,
    Use.PURCHASES,
    Basis.CONTRACT,
    Retention.BOOKS,
    Export.NO,
    Erase.KEEP,
)
# Whose it is: the books need the receipt, and not its buyer.
_TIE = Field(
    DataClass.KEY,
    Use.PURCHASES,
    Basis.CONTRACT,
    Retention.TWO_YEARS,
    Export.NO,
    Erase.KEEP,
)
_SUM = Field(
    DataClass.PURCHASE,
    Use.PURCHASES,
    Basis.CONTRACT,
    Retention.THREE_YEARS,
    Export.YES,
    Erase.DELETE,
)
_SUM_KEY = Field(
    DataClass.KEY,
    Use.PURCHASES,
    Basis.CONTRACT,
    Retention.THREE_YEARS,
    Export.NO,
    Erase.DELETE,
)
_POINTS = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.BOOKS,
    Export.YES,
    Erase.KEEP,
)
# A keyed hash of the number or address that a receipt without a member came with.
_CLAIM = Field(
    DataClass.SECRET,
    Use.PURCHASES,
    Basis.INTEREST,
    Retention.TWO_YEARS,
    Export.NO,
    Erase.BLANK,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        Receipt,
        {
            **each(_POINTS, "exact", "returned_exact", "tier"),
            **each(_TIE, "member"),
            **each(_KEY, "id", "public_id", "programme", "rule", "original"),
            **each(_KEY, "content_hash", "source", "recorded_at", "claimed_at"),
            **each(_CLAIM, "contact_index"),
            **each(_PURCHASE, "store", "till_code", "unique_receipt_id"),
            **each(_PURCHASE, "receipt_number", "purchased_at", "business_on"),
            **each(_PURCHASE, "currency", "total", "payments", "taxes"),
            **each(_PURCHASE, "original_unique_id", "vouchers_used_before"),
            **each(_POINTS, "eligible", "points", "no_points_reason"),
            **each(_POINTS, "returned_eligible", "returned_points"),
            **each(_POINTS, "return_eligible", "reversed_points", "balance_after"),
        },
    )
    register(
        ReceiptLine,
        {
            **each(_POINTS, "rate", "multipliers"),
            **each(_TIE, "member"),
            **each(_KEY, "id", "receipt", "original_number"),
            **each(_PURCHASE, "number", "kind", "sku", "article_number"),
            **each(_PURCHASE, "article_name", "article_group", "quantity"),
            **each(
                _PURCHASE,
                "gross_paid",
                "voucher_paid",
                "tax_amount",
                "tax_percent",
                "discounts",
            ),
            **each(_POINTS, "awards_bonus", "is_eligible", "points"),
        },
    )
    register(
        MonthSum,
        {
            **each(_SUM_KEY, "id", "member"),
            **each(_SUM, "month", "article_group", "currency", "receipts", "amount"),
        },
    )
    register_hook(erasure.cut_loose)
