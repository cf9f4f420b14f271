"""What a voucher paid: the part of each line that nobody laid out.

A till may take a club's voucher off the lines, as a discount, or book it as a means of
payment. The goods earn the same either way: here the second is made like the first.
Nothing is taken off twice, for a receipt's payments add up to its lines as they are.
"""

from collections.abc import Sequence
from decimal import Decimal

from points import rules as points_rules
from points.programme import engine
from purchases.rules.receipts import LineIn, LineKind, ReceiptIn

# Means of payment that are given and not laid out, compared as article groups are:
# `Bonus-Check` is `bonuscheck`. Gift cards and credit notes are none: they were paid
# for when they were bought.
VOUCHERS = frozenset(
    {
        "voucher",
        "vouchers",
        "bonusvoucher",
        "clubvoucher",
        "loyaltyvoucher",
        "membervoucher",
        "rewardvoucher",
        "bonuscheck",
        "bonuscheque",
        "bonussjekk",
        "bonuskupon",
        "bonuskupong",
    }
)
_NOTHING = Decimal("0.00")


def is_gift_card(line: LineIn) -> bool:
    """Tell whether a line sells, or takes back, a gift card."""
    group = line.article_group
    return bool(group) and points_rules.group_name(group) in (
        points_rules.GIFT_CARD_GROUPS
    )


def paid_by_vouchers(receipt: ReceiptIn) -> tuple[Decimal, ...]:
    """Return what vouchers paid of each line, or gave back on one that returns.

    In proportion to the prices, in whole öre, the largest remainder first. A voucher
    pays for goods and never for a gift card; what is over pays for nothing here.
    """
    if not any(
        points_rules.group_name(payment.kind) in VOUCHERS
        for payment in receipt.payments
    ):
        return (_NOTHING,) * len(receipt.lines)
    bought = _shares(receipt.lines, LineKind.PURCHASE, _paid(receipt, 1))
    back = _shares(receipt.lines, LineKind.RETURN, _paid(receipt, -1))
    return tuple(one + other for one, other in zip(bought, back, strict=True))


def pays_for_gift_cards_alone(receipt: ReceiptIn) -> bool:
    """Tell whether a receipt names a voucher and sells nothing but gift cards."""
    if not receipt.vouchers:
        return False
    sold = [line for line in receipt.lines if line.kind is LineKind.PURCHASE]
    return bool(sold) and all(map(is_gift_card, sold))


def _paid(receipt: ReceiptIn, sign: int) -> Decimal:
    """Return what vouchers paid, or with -1 what was given back as vouchers."""
    return sum(
        (
            payment.value * sign
            for payment in receipt.payments
            if payment.value * sign > 0
            and points_rules.group_name(payment.kind) in VOUCHERS
        ),
        _NOTHING,
    )


def _shares(lines: Sequence[LineIn], kind: LineKind, paid: Decimal) -> list[Decimal]:
    prices = [
        line.gross_paid if line.kind is kind and not is_gift_card(line) else _NOTHING
        for line in lines
    ]
    return engine.voucher_shares(paid, prices)
