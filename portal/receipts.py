"""Receipts as a member reads them: what was bought, what it gave and why."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from common.money import display, round_money
from members.models import Member
from points import words
from points.rules import worth
from points.selectors import value_at, value_of
from purchases.explaining import Explanation, Missed, explain
from purchases.models import Receipt, ReceiptLine
from stores.models import Store


@dataclass(frozen=True, slots=True)
class Row:
    """A receipt in a list."""

    public_id: UUID
    store: str
    icon: str
    at: datetime
    amount: str
    points: int


@dataclass(frozen=True, slots=True)
class SlipLine:
    """A line: what it was, what it cost, and what it gave and why."""

    name: str
    amount: str
    detail: str
    points: int
    why: str
    discount: str
    # By which rules it gave so much, where some are not the same for all goods.
    because: str


@dataclass(frozen=True, slots=True)
class Tax:
    """The VAT of one rate."""

    percent: Decimal
    amount: str


@dataclass(frozen=True, slots=True)
class Slip:
    """A whole receipt."""

    number: str
    store: str
    at: datetime
    lines: list[SlipLine]
    taxes: list[Tax]
    total: str
    points: int
    # What they are worth, with its sign.
    worth: str
    # The sentence of the rule by which it earned, and the rules that did not count.
    rule: str
    missed: tuple[Missed, ...]
    # Other receipts that belong to it: the purchase of a return, returns of a purchase.
    originals: list[Row]
    returns: list[Row]


def list_receipts(member: Member) -> QuerySet[Receipt]:
    """Return a member's receipts, newest first."""
    return (
        Receipt.objects.filter(member=member)
        .select_related("store")
        .order_by("-purchased_at", "-id")
    )


def find_receipt(member: Member, public_id: UUID) -> Receipt | None:
    """Return one of a member's receipts, or None for anybody else's."""
    return (
        Receipt.objects.filter(member=member, public_id=public_id)
        .select_related(
            "member", "store__programme", "rule", "original__store", "original__rule"
        )
        .prefetch_related("lines")
        .first()
    )


def row_of(receipt: Receipt) -> Row:
    """Return a receipt as a row of a list."""
    return Row(
        public_id=receipt.public_id,
        store=receipt.store.name,
        icon=_icon(receipt),
        at=receipt.purchased_at,
        amount=_money(receipt.total, receipt.currency),
        points=receipt.points - receipt.reversed_points,
    )


def slip_of(receipt: Receipt) -> Slip:
    """Return a receipt line by line."""
    lines = sorted(receipt.lines.all(), key=lambda line: line.number)
    explained = explain(receipt)
    points = receipt.points - receipt.reversed_points
    original = receipt.original
    # A return can come without the card and so belong to nobody.
    if original is not None and original.member_id != receipt.member_id:
        original = None
    returns = (
        Receipt.objects.filter(original=receipt, member=receipt.member)
        .select_related("store")
        .order_by("purchased_at", "id")
    )
    return Slip(
        number=receipt.receipt_number,
        store=receipt.store.name,
        at=receipt.purchased_at,
        lines=[_line(line, receipt, explained) for line in lines],
        taxes=_taxes(lines, receipt.currency),
        total=_money(receipt.total, receipt.currency, ore=True),
        points=points,
        worth=_worth(points, receipt),
        rule=_rule(receipt),
        missed=explained.missed,
        originals=[row_of(original)] if original else [],
        returns=[row_of(other) for other in returns],
    )


def _line(line: ReceiptLine, receipt: Receipt, explained: Explanation) -> SlipLine:
    is_return = line.kind == ReceiptLine.Kind.RETURN
    paid = -line.gross_paid if is_return else line.gross_paid
    return SlipLine(
        name=line.article_name,
        amount=_money(paid, receipt.currency, ore=True),
        detail=_detail(line),
        points=line.points,
        why=_why(line, receipt),
        discount=_discount(line, receipt.currency),
        because=explained.lines.get(line.number, ""),
    )


def _why(line: ReceiptLine, receipt: Receipt) -> str:
    """Say why a line gave no points, or took some back."""
    if line.kind == ReceiptLine.Kind.RETURN:
        if line.points:
            return gettext("Returned, so its points are taken back")
        return gettext("Returned")
    if line.points or line.kind == ReceiptLine.Kind.ADJUSTMENT:
        return ""
    if line.is_eligible:
        return _why_nothing_earned(receipt)
    if line.awards_bonus and line.article_group:
        return gettext("No points for %(group)s") % {"group": line.article_group}
    return gettext("Gives no points")


def _why_nothing_earned(receipt: Receipt) -> str:
    """Say why a line that could earn did not."""
    if receipt.points > 0:
        return gettext("Too little for a whole point")
    reasons = Receipt.NoPoints
    return {
        reasons.NO_RULE.value: gettext("The club gave no points that day"),
        reasons.MEMBER_BLOCKED.value: gettext("The membership was blocked that day"),
        reasons.NOTHING_EARNS.value: gettext(
            "The whole purchase was too little for a point"
        ),
    }.get(receipt.no_points_reason, "")


def _detail(line: ReceiptLine) -> str:
    """Say how many there were, when it was not one."""
    quantity = abs(line.quantity)
    if quantity == 1:
        return ""
    shown = format(quantity.normalize(), "f").replace(".", ",")
    return gettext("%(quantity)s pcs") % {"quantity": shown}


def _discount(line: ReceiptLine, currency: str) -> str:
    """Say how much cheaper a line was, when it was."""
    total = sum(
        (abs(Decimal(discount["value"])) for discount in line.discounts),
        Decimal(0),
    )
    if not total:
        return ""
    return gettext("Discount %(amount)s") % {"amount": _money(total, currency)}


def _taxes(lines: list[ReceiptLine], currency: str) -> list[Tax]:
    """Add up the VAT of each rate, as a printed receipt does."""
    sums: dict[Decimal, Decimal] = {}
    for line in lines:
        sign = -1 if line.kind == ReceiptLine.Kind.RETURN else 1
        sums[line.tax_percent] = (
            sums.get(line.tax_percent, Decimal(0)) + sign * line.tax_amount
        )
    return [
        Tax(percent.normalize(), _money(amount, currency, ore=True))
        for percent, amount in sorted(sums.items(), reverse=True)
        if amount
    ]


def _rule(receipt: Receipt) -> str:
    """Say by which rule it earned: that of its own day, whatever holds today."""
    if receipt.rule is None or not receipt.points:
        return ""
    return words.earning(value_of(receipt.rule), receipt.currency)


def _worth(points: int, receipt: Receipt) -> str:
    """Say what a receipt's points are worth in the programme's currency, by its rule.

    As that held on its day: worse terms may have been running down.
    A return without a rule of its own takes points by that of the purchase.
    """
    rule = receipt.rule or (receipt.original.rule if receipt.original else None)
    if rule is None or not points:
        return ""
    programme = receipt.store.programme
    held = value_at(rule, receipt.purchased_at)
    return _money(worth(points, held), programme.currency)


def _icon(receipt: Receipt) -> str:
    if receipt.total < 0:
        return "receipt-refund"
    return "world" if receipt.store.kind == Store.Kind.WEB else "building-store"


def _money(amount: Decimal, currency: str, *, ore: bool | None = None) -> str:
    # A true minus, which does not break off at the end of a line.
    return display(round_money(amount), currency, ore=ore).replace("-", "\u2212")
