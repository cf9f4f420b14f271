"""What differs between a receipt that was recorded and one sent under its id."""

from decimal import Decimal
from typing import Any

from offers.vouchers.selectors import codes_used_by
from offers.vouchers.words import stored_code
from purchases import records
from purchases.models import Receipt, ReceiptLine
from purchases.rules import LineIn, ReceiptIn

MOST = 50


def differences(
    receipt_id: int, sent: ReceiptIn, *, member_id: int | None
) -> list[dict[str, Any]]:
    """Return where a sent receipt differs from the stored one.

    Whose receipt it is, is personal: only that it differs is told.
    """
    stored = Receipt.objects.select_related("store").get(pk=receipt_id)
    lines = list(ReceiptLine.objects.filter(receipt=stored).order_by("number"))
    found = _header(stored, sent)
    if not _same_contact(stored, sent, member_id):
        found.append({"pointer": "/contact"})
    if len(lines) != len(sent.lines):
        found.append(
            {"pointer": "/items", "stored": len(lines), "sent": len(sent.lines)}
        )
    else:
        for line, other in zip(lines, sent.lines, strict=True):
            found += _line(line, other)
    if sorted(map(stored_code, sent.vouchers)) != codes_used_by(stored.public_id):
        found.append({"pointer": "/vouchers"})
    return found[:MOST]


def _header(stored: Receipt, sent: ReceiptIn) -> list[dict[str, Any]]:
    pairs: dict[str, tuple[Any, Any]] = {
        "/receiptNumber": (stored.receipt_number, sent.receipt_number),
        "/createdDate": (
            stored.purchased_at.isoformat(),
            sent.purchased_at.isoformat(),
        ),
        "/businessDate": (stored.business_on.isoformat(), sent.business_on.isoformat()),
        "/storeExternalId": (stored.store.code, sent.store_code),
        "/tillId": (stored.till_code, sent.till_code),
        "/currency": (stored.currency, sent.currency),
        "/totalGrossPrice": (stored.total, sent.total),
        "/paymentMethods": (stored.payments, records.payments_of(sent)),
        "/taxDetails": (stored.taxes, records.taxes_of(sent)),
        "/originalReceipt": (stored.original_unique_id, sent.original_unique_id),
    }
    return _unequal(pairs)


def _line(stored: ReceiptLine, sent: LineIn) -> list[dict[str, Any]]:
    at = f"/items/{sent.number - 1}"
    discounts = [
        {
            "value": str(discount.value),
            "type": discount.kind,
            "description": discount.description,
        }
        for discount in sent.discounts
    ]
    return _unequal(
        {
            f"{at}/type": (stored.kind, sent.kind.value),
            f"{at}/sku": (stored.sku, sent.sku),
            f"{at}/articleNumber": (stored.article_number, sent.article_number),
            f"{at}/articleName": (stored.article_name, sent.article_name),
            f"{at}/articleGroup": (stored.article_group, sent.article_group),
            f"{at}/quantity": (stored.quantity, sent.quantity),
            f"{at}/grossPaidPrice": (stored.gross_paid, sent.gross_paid),
            f"{at}/taxAmount": (stored.tax_amount, sent.tax_amount),
            f"{at}/taxPercent": (stored.tax_percent, sent.tax_percent),
            f"{at}/awardsBonus": (stored.awards_bonus, sent.awards_bonus),
            f"{at}/discounts": (stored.discounts, discounts),
            f"{at}/originalLine": (stored.original_number, sent.original_number),
        }
    )


def _unequal(pairs: dict[str, tuple[Any, Any]]) -> list[dict[str, Any]]:
    return [
        {"pointer": pointer, "stored": _shown(stored), "sent": _shown(sent)}
        for pointer, (stored, sent) in pairs.items()
        if stored != sent
    ]


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _same_contact(stored: Receipt, sent: ReceiptIn, member_id: int | None) -> bool:
    if stored.claimed_at is not None or stored.member_id is None:
        if sent.contact is None:
            return stored.no_points_reason == Receipt.NoPoints.NO_CONTACT
        if stored.contact_index is not None:
            index = records.contact_index(sent.contact)
            return bytes(stored.contact_index) == index
    return stored.member_id is not None and stored.member_id == member_id
