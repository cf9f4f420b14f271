"""Take typed values out of JSON objects, and keep what is wrong with them."""

import re
from decimal import Decimal
from typing import Any

from common.codes import fault_words
from common.problems import Fault

MOST_FAULTS = 100
# More than anybody pays at a till; keeps points within what an integer holds.
LARGEST = Decimal("9999999.99")
ZERO = Decimal("0.00")
_CENT = Decimal("0.01")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?\Z")


def fault(pointer: str, code: str) -> Fault:
    """Return a fault with its words."""
    return Fault(pointer, code, fault_words(code))


class Reader:
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
            return ZERO
        if isinstance(value, str):
            if not _NUMBER.match(value):
                self.fault(f"{at}/{key}", "not_an_amount")
                return ZERO
            value = Decimal(value)
        elif isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.fault(f"{at}/{key}", "not_an_amount")
            return ZERO
        if not -largest <= value <= largest:
            self.fault(f"{at}/{key}", "too_large")
            return ZERO
        rounded = Decimal(value).quantize(unit)
        if rounded != value:
            self.fault(f"{at}/{key}", "too_precise")
            return ZERO
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


def _is_storable(text: str) -> bool:
    """Tell whether a text is free of control characters and halves of characters."""
    return not any(
        sign < " " or "\x7f" <= sign < "\xa0" or "\ud800" <= sign <= "\udfff"
        for sign in text
    )
