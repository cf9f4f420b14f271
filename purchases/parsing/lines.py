"""Read the lines of a receipt with their discounts."""

from decimal import Decimal
from typing import Any

from purchases.parsing.reader import Reader
from purchases.rules import DiscountIn, LineIn, LineKind

MOST_LINES = 1000
MOST_DISCOUNTS = 100
_LARGEST_QUANTITY = Decimal(999999)
_MILLE = Decimal("0.001")
_KINDS = {kind.value: kind for kind in LineKind}


def read_lines(reader: Reader, body: dict[str, Any]) -> tuple[LineIn, ...]:
    parts = reader.objects(body, "items", "", MOST_LINES, needed=True)
    if body.get("items") == []:
        reader.fault("/items", "required")
    return tuple(
        _line(reader, part, at, number)
        for number, (at, part) in enumerate(parts, start=1)
    )


def _line(reader: Reader, item: dict[str, Any], at: str, number: int) -> LineIn:
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


def _line_kind(reader: Reader, item: dict[str, Any], at: str) -> LineKind:
    named = reader.text(item, "type", at, 20, needed=True)
    kind = _KINDS.get(named)
    if named and kind is None:
        reader.fault(f"{at}/type", "unknown_line_type")
    return kind or LineKind.ADJUSTMENT


def _check_line(reader: Reader, line: LineIn, at: str) -> None:
    wrong = {
        LineKind.PURCHASE: line.quantity <= 0,
        LineKind.RETURN: line.quantity >= 0,
        LineKind.ADJUSTMENT: line.quantity == 0,
    }
    if wrong[line.kind]:
        reader.fault(f"{at}/quantity", "quantity_sign")
    if line.gross_paid < 0 and line.kind is not LineKind.ADJUSTMENT:
        reader.fault(f"{at}/grossPaidPrice", "negative")


def _flag(reader: Reader, item: dict[str, Any], key: str, at: str) -> bool:
    value = item.get(key)
    if value is None:
        return True
    if not isinstance(value, bool):
        reader.fault(f"{at}/{key}", "not_a_flag")
        return True
    return value


def _original_line(reader: Reader, item: dict[str, Any], at: str) -> int | None:
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


def _discounts(reader: Reader, item: dict[str, Any], at: str) -> tuple[DiscountIn, ...]:
    if not item.get("discounts"):
        return ()
    parts = reader.objects(item, "discounts", at, MOST_DISCOUNTS, needed=False)
    return tuple(
        DiscountIn(
            value=reader.number(part, "value", inner),
            kind=reader.text(part, "type", inner, 40, needed=False),
            description=reader.text(part, "description", inner, 160, needed=False),
        )
        for inner, part in parts
    )
