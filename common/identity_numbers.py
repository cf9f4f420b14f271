"""Personal identity numbers in free text: Swedish, Danish, Norwegian and Finnish.

We never ask for one and have no ground to keep one, so staff are warned when they type
it. A match needs a date that exists and the check digits of its country, where there
are any. Phone numbers and our membership numbers are let through: ten digits in a row
that can be a Swedish phone number are taken for one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain

import phonenumbers

from common.ids import has_valid_check_digit


class Kind(StrEnum):
    """Which country's number it looks like."""

    SWEDISH = "SE"
    DANISH = "DK"
    NORWEGIAN = "NO"
    FINNISH = "FI"


@dataclass(frozen=True, slots=True)
class Found:
    """A number in a text: as it was typed, and where it begins."""

    kind: Kind
    text: str
    start: int

    @property
    def masked(self) -> str:
        """Return enough of it to be recognised: `850101-…`."""
        return f"{self.text[: -4 if self.kind is not Kind.NORWEGIAN else -5]}…"


# Dashes as word processors and phones write them.
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
# Neither the tail nor the head of a longer row of signs, such as an id.
_ALONE = r"(?<![\w+])(?<!\w[-.])", r"(?!\w)(?![-.]\w)"
_SWEDISH = re.compile(
    rf"{_ALONE[0]}(?P<century>1[89]|20)?(?P<year>[0-9]{{2}})(?P<month>[0-9]{{2}})"
    rf"(?P<day>[0-9]{{2}})(?P<sign>[-+ ]?)(?P<rest>[0-9]{{4}}){_ALONE[1]}"
)
_DANISH = re.compile(
    rf"{_ALONE[0]}(?P<day>[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<year>[0-9]{{2}})"
    rf"(?P<sign>[- ]?)(?P<rest>[0-9]{{4}}){_ALONE[1]}"
)
_NORWEGIAN = re.compile(
    rf"{_ALONE[0]}(?P<day>[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<year>[0-9]{{2}})"
    rf"[- ]?(?P<rest>[0-9]{{5}}){_ALONE[1]}"
)
_FINNISH = re.compile(
    rf"{_ALONE[0]}(?P<day>[0-9]{{2}})(?P<month>[0-9]{{2}})(?P<year>[0-9]{{2}})"
    rf"(?P<sign>[-+A-FU-Y])(?P<rest>[0-9]{{3}})(?P<check>[0-9A-Y]){_ALONE[1]}",
    re.IGNORECASE,
)
_FINNISH_CHECKS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_DANISH_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_NORWEGIAN_WEIGHTS = (
    (3, 7, 6, 1, 8, 9, 4, 5, 2, 1),
    (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1),
)
# Added to the day of who has no number of the population register yet.
_COORDINATION = 60
_D_NUMBER = 40
# Added to the month by hospitals, and in numbers made for tests.
_NORWEGIAN_MONTHS = (0, 40, 80)


def find(text: str, *, today: date) -> list[Found]:
    """Return what looks like a personal identity number, in the order of the text."""
    # Digits of other scripts and full-width ones count; each stays one sign long.
    plain = "".join(map(_plain_digit, text)).translate(_DASHES)
    found: dict[int, Found] = {}
    for each in chain(
        _matches(_SWEDISH, Kind.SWEDISH, _is_swedish, plain, today),
        _matches(_FINNISH, Kind.FINNISH, _is_finnish, plain, today),
        _matches(_NORWEGIAN, Kind.NORWEGIAN, _is_norwegian, plain, today),
        _matches(_DANISH, Kind.DANISH, _is_danish, plain, today),
    ):
        # The same digits may be a number of two countries: once is enough.
        found.setdefault(each.start, each)
    return [found[start] for start in sorted(found)]


def _matches(
    pattern: re.Pattern[str],
    kind: Kind,
    is_one: Callable[[re.Match[str], date], bool],
    text: str,
    today: date,
) -> Iterator[Found]:
    for match in pattern.finditer(text):
        if is_one(match, today):
            yield Found(kind, match[0], match.start())


def _is_swedish(match: re.Match[str], today: date) -> bool:
    digits = "".join(match.group("year", "month", "day", "rest"))
    day = int(match["day"])
    if day > _COORDINATION:
        day -= _COORDINATION
    years = (
        [int(match["century"] + match["year"])]
        if match["century"]
        else _centuries(match["year"])
    )
    return (
        has_valid_check_digit(digits)
        and _is_day(years, int(match["month"]), day, today)
        and not _is_phone(match[0])
    )


def _is_danish(match: re.Match[str], today: date) -> bool:
    if not _is_day(
        _centuries(match["year"]), int(match["month"]), int(match["day"]), today
    ):
        return False
    if match["sign"]:
        # Since 2007 numbers are given out whose check digit does not fit; the way it
        # is written tells enough.
        return True
    return _weighs(match[0], _DANISH_WEIGHTS) and not _is_phone(match[0])


def _is_norwegian(match: re.Match[str], today: date) -> bool:
    digits = "".join(match.group("day", "month", "year", "rest"))
    day = int(match["day"])
    if day > _D_NUMBER:
        day -= _D_NUMBER
    has_date = any(
        _is_day(_centuries(match["year"]), int(match["month"]) - added, day, today)
        for added in _NORWEGIAN_MONTHS
    )
    return has_date and all(
        _weighs(digits[: len(weights)], weights) for weights in _NORWEGIAN_WEIGHTS
    )


def _is_finnish(match: re.Match[str], today: date) -> bool:
    number = int("".join(match.group("day", "month", "year", "rest")))
    signs = {"+": 18, **dict.fromkeys("-YXWVU", 19), **dict.fromkeys("ABCDEF", 20)}
    year = signs[match["sign"].upper()] * 100 + int(match["year"])
    return _FINNISH_CHECKS[number % 31] == match["check"].upper() and _is_day(
        [year], int(match["month"]), int(match["day"]), today
    )


def _centuries(year: str) -> list[int]:
    return [1800 + int(year), 1900 + int(year), 2000 + int(year)]


def _is_day(years: list[int], month: int, day: int, today: date) -> bool:
    """Tell whether it is a day that has been, in one of the years."""
    for year in years:
        try:
            born = date(year, month, day)
        except ValueError:
            continue
        if born <= today:
            return True
    return False


def _weighs(digits: str, weights: tuple[int, ...]) -> bool:
    pairs = zip(map(int, digits), weights, strict=True)
    return sum(digit * weight for digit, weight in pairs) % 11 == 0


def _is_phone(text: str) -> bool:
    """Tell whether ten digits in a row, with the leading nought, are a phone number."""
    if not text.isdigit() or not text.startswith("0"):
        return False
    return phonenumbers.is_valid_number(phonenumbers.parse(text, "SE"))


def _plain_digit(sign: str) -> str:
    return str(int(sign)) if sign.isdecimal() else sign
