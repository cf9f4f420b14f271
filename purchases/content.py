"""What a receipt says, as one text: what is hashed to know it again, and loaded.

Tab-separated and escaped as COPY takes it, so that a load writes the very text that the
hash was made of. Quick, because a load makes millions of lines.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache

from common.copying import NULL, escaped
from purchases.rules import DiscountIn, LineIn, ReceiptIn

# The fields of a line's text, in order.
LINE = (
    "number kind sku article_number article_name article_group quantity gross_paid "
    "tax_amount tax_percent awards_bonus discounts original_number"
).split()


def content_hash(
    receipt: ReceiptIn, index: bytes | None, lines: Sequence[str] | None = None
) -> bytes:
    """Return the hash of what a receipt says, whatever its JSON looked like.

    The contact counts by its keyed hash, since a plain hash of a phone number can be
    turned back by trying all numbers. `lines` are the lines' texts, where they are
    known.
    """
    if lines is None:
        lines = [line_text(line) for line in receipt.lines]
    header = "\t".join(
        (
            escaped(receipt.unique_receipt_id),
            escaped(receipt.receipt_number),
            index.hex() if index else NULL,
            receipt.purchased_at.isoformat(),
            receipt.business_on.isoformat(),
            escaped(receipt.store_code),
            escaped(receipt.till_code),
            receipt.currency,
            str(receipt.total),
            payments_text(receipt),
            taxes_text(receipt),
            escaped(receipt.original_unique_id),
            # Only where there are any: receipts without have the hash they ever had.
            *([json.dumps(receipt.vouchers)] if receipt.vouchers else ()),
            *([json.dumps({"purchase": receipt.purchase})] if receipt.purchase else ()),
        )
    )
    return hashlib.sha256(f"{header}\n{''.join(lines)}".encode()).digest()


def line_text(line: LineIn) -> str:
    """Return a line as text, with its newline."""
    article = _article(
        line.kind.value,
        line.sku,
        line.article_number,
        line.article_name,
        line.article_group,
    )
    original = line.original_number
    return (
        f"{line.number}\t{article}\t{line.quantity!s}\t{line.gross_paid!s}\t"
        f"{line.tax_amount!s}\t{line.tax_percent!s}\t"
        f"{'t' if line.awards_bonus else 'f'}\t"
        f"{_discounts(line.discounts) if line.discounts else '[]'}\t"
        f"{NULL if original is None else original}\n"
    )


def payments_text(receipt: ReceiptIn) -> str:
    """Return the payments as JSON."""
    parts = [
        f'{{"type": {quoted(each.kind)}, "value": "{each.value!s}"}}'
        for each in receipt.payments
    ]
    return f"[{', '.join(parts)}]"


def taxes_text(receipt: ReceiptIn) -> str:
    """Return the taxes as JSON."""
    parts = [
        f'{{"percent": "{each.percent!s}", "amount": "{each.amount!s}"}}'
        for each in receipt.taxes
    ]
    return f"[{', '.join(parts)}]"


@lru_cache(maxsize=10_000)
def quoted(text: str) -> str:
    """Return a text as JSON, escaped."""
    return escaped(json.dumps(text))


@lru_cache(maxsize=100_000)
def _article(*texts: str) -> str:
    return "\t".join(map(escaped, texts))


@lru_cache(maxsize=50_000)
def _discounts(discounts: tuple[DiscountIn, ...]) -> str:
    parts = [
        f'{{"value": "{each.value!s}", "type": {quoted(each.kind)}, '
        f'"description": {quoted(each.description)}}}'
        for each in discounts
    ]
    return f"[{', '.join(parts)}]"
