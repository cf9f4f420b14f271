"""What a sentence is, and how lists, numbers and days are said in each language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from django.utils import formats
from django.utils.translation import gettext as _


class Kind(StrEnum):
    """What a sentence is about; the one-page explanation orders them by it."""

    EARNING = "earning"
    CURRENCY = "currency"
    BASE = "base"
    EXCLUSIONS = "exclusions"
    ROUNDING = "rounding"
    MULTIPLIER = "multiplier"
    STACKING = "stacking"
    ACTION = "action"
    PENDING = "pending"
    WORTH = "worth"
    STEP = "step"
    VOUCHER = "voucher"
    TIER = "tier"
    LADDER = "ladder"
    EXPIRY = "expiry"
    RETURNS = "returns"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A rule in plain words, and the facts that the words say.

    Whoever knows the facts of all sentences of a version can work out what every
    purchase gives, without the rule: a test does.
    """

    kind: Kind
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the words."""
        return self.text


class Unsayable(ValueError):
    """Raised for a rule that no plain sentence fits; says why, to whoever wrote it.

    `kind` and `key` name the part of the version that is meant.
    """

    def __init__(self, message: str, kind: Kind, key: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.key = key


def together(parts: Sequence[str]) -> str:
    """Join a list as people do: `coffee, tea and cocoa`."""
    if len(parts) < 2:
        return "".join(parts)
    text = _("%(all_but_last)s and %(last)s")
    between = text % {"all_but_last": "", "last": ""}
    if any(between in part for part in parts):
        # `kaffe samt te och choklad`: one of the names is a list itself.
        text = _("%(all_but_last)s as well as %(last)s")
    return text % {"all_but_last": ", ".join(parts[:-1]), "last": parts[-1]}


def in_a_sentence(name: str) -> str:
    """Write the name of some goods as it stands within a sentence: `kaffe`.

    What is written otherwise than an ordinary word (`LED`, `iPad`) stays as it is.
    """
    rest = name[1:]
    return name[:1].lower() + rest if rest and rest == rest.lower() else name


def begun(text: str) -> str:
    """Write the first letter of a sentence large."""
    return text[:1].upper() + text[1:]


def within(text: str) -> str:
    """Write the first letter of a phrase small, for the middle of a sentence."""
    return text[:1].lower() + text[1:]


def clock(moment: time) -> str:
    """Write an hour of the day."""
    return formats.time_format(moment, "TIME_FORMAT", use_l10n=True)


def day(moment: date) -> str:
    """Write a day with its year: `24 december 2026`."""
    return formats.date_format(moment, "DATE_FORMAT", use_l10n=True)


def day_of_year(month: int, number: int) -> str:
    """Write a day of every year: `31 december`."""
    return formats.date_format(date(2000, month, number), "MONTH_DAY_FORMAT")


def days(first: date, last: date) -> str:
    """Say a period, its last day included: `during 1–31 December 2026`."""
    if (first.year, first.month) == (last.year, last.month):
        # The format without its month: `1.` in Danish, `1` in the others.
        number = formats.get_format("MONTH_DAY_FORMAT").replace("F", "").strip()
        return _("during %(days)s") % {
            "days": f"{formats.date_format(first, number)}–{day(last)}"
        }
    same_year = first.year == last.year
    return _("from %(first_day)s up to and including %(last_day)s") % {
        "first_day": formats.date_format(first, "MONTH_DAY_FORMAT")
        if same_year
        else day(first),
        "last_day": day(last),
    }


def plain_amount(amount: Decimal) -> str:
    """Write an amount without its currency: `500`, `1 249,50`."""
    decimals = 0 if amount == amount.to_integral_value() else 2
    return formats.number_format(amount, decimals, use_l10n=True, force_grouping=True)


def is_whole_cents(amount: Decimal) -> bool:
    """Tell whether an amount can be written with two decimals."""
    return amount == amount.quantize(Decimal("0.01"))
