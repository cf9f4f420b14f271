"""Money: a Decimal with a currency, never a float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils import formats
from django.utils.translation import gettext

# Every Nordic currency has two decimals on paper (ISO 4217).
OERE = Decimal("0.01")

# How a currency is written after an amount, by language where it differs.
SYMBOLS = {"SEK": "kr", "DKK": "kr.", "NOK": "kr", "ISK": "kr.", "EUR": "€"}

# Larger than any receipt, smaller than what numeric(12, 2) holds.
LARGEST = Decimal("9999999999.99")


class NotMoney(ValueError):
    """Raised when a value cannot be read as an amount of money."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in one currency; arithmetic across currencies is refused."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return display(self.amount, self.currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            message = f"{self.currency} and {other.currency} cannot be added."
            raise NotMoney(message)


def round_money(amount: Decimal) -> Decimal:
    """Round to whole öre, half up, as receipts do."""
    return amount.quantize(OERE, rounding=ROUND_HALF_UP)


def parse_amount(value: object) -> Decimal:
    """Read a JSON string or number as an exact amount with at most two decimals.

    Raises:
        NotMoney: not a number, too large, or finer than an öre.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise NotMoney(gettext("Must be an amount such as 129.50."))
    try:
        # A float is read as it was written ("129.5"), not as its binary neighbour.
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise NotMoney(gettext("Must be an amount such as 129.50.")) from error
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise NotMoney(gettext("The amount is too large."))
    rounded = amount.quantize(OERE)
    if rounded != amount:
        raise NotMoney(gettext("An amount has at most two decimals."))
    return rounded


def display(amount: Decimal, currency: str, *, ore: bool | None = None) -> str:
    """Write an amount as people do: `1 249 kr`, `12,50 kr`.

    Decimals are left out when they are zero unless `ore` asks for them.
    """
    whole = amount == amount.to_integral_value()
    decimals = 0 if (whole and not ore) or ore is False else 2
    number = formats.number_format(amount, decimals, use_l10n=True, force_grouping=True)
    return f"{number}\u00a0{SYMBOLS.get(currency, currency)}"
