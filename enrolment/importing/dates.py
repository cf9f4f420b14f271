"""Days and moments as old systems write them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_TIME = re.compile(r"[T ]\s*(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(Z?)\Z")
_OFFSET = re.compile(r"[T ]\d{2}:\d{2}.*[+-]\d{2}:?\d{2}\Z")

# How each way of writing looks, and which group is year, month and day. The first that
# fits all is taken, so those that hardly can be misread come first.
FORMATS: dict[str, tuple[re.Pattern[str], str]] = {
    "YYYY-MM-DD": (re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"), "ymd"),
    "YYYYMMDD": (re.compile(r"(\d{4})(\d{2})(\d{2})(?:-?\d{4})?(?!\d)"), "ymd"),
    "DD.MM.YYYY": (re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})"), "dmy"),
    "MM/DD/YYYY": (re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})"), "mdy"),
    "DD.MM.YY": (re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2})(?!\d)"), "dmY"),
    "YYMMDD": (re.compile(r"(\d{2})(\d{2})(\d{2})(?:[-+]\d{4})?(?!\d)"), "Ymd"),
    "DDMMYY": (re.compile(r"(\d{2})(\d{2})(\d{2})(?:-\d{4})?(?!\d)"), "dmY"),
}
# Old systems write a day that nobody will see for never.
NEVER = date(9999, 12, 31)
EXAMPLES = {
    "YYYY-MM-DD": "1985-04-23",
    "YYYYMMDD": "19850423",
    "DD.MM.YYYY": "23.04.1985, 23/4/1985",
    "MM/DD/YYYY": "04/23/1985",
    "DD.MM.YY": "23.04.85",
    "YYMMDD": "850423",
    "DDMMYY": "230485",
}


def parse_day(text: str, code: str) -> date | None:
    """Read the day at the start of a text, in one way of writing."""
    found = _match(text.strip(), code)
    return found[0] if found else None


def day_reader(code: str, *, latest: date | None) -> Callable[[str], date | None]:
    """Return a function that reads days; years of two digits are past at `latest`.

    Without `latest` they are of this century.
    """

    def read(text: str) -> date | None:
        found = _match(text, code, latest)
        if found is None or (found[1] and not _TIME.match(found[1])):
            return None
        return found[0]

    return read


def moment_reader(
    code: str, zone: ZoneInfo, *, latest: datetime
) -> Callable[[str], datetime | None]:
    """Return a function that reads moments; a day alone is its beginning in the zone.

    What would lie in the future is not read.
    """

    def read(text: str) -> datetime | None:
        at = _moment(text, code, zone, latest)
        return at if at is not None and at <= latest else None

    return read


def _moment(text: str, code: str, zone: ZoneInfo, latest: datetime) -> datetime | None:
    if _OFFSET.search(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    found = _match(text, code, latest.date())
    if found is None:
        return None
    day, rest = found
    clock = _TIME.match(rest) if rest else None
    if rest and clock is None:
        return None
    hour, minute, second, zulu = clock.groups() if clock else ("0", "0", "0", "")
    try:
        at = datetime(
            day.year,
            day.month,
            day.day,
            int(hour),
            int(minute),
            int(second or 0),
            tzinfo=UTC if zulu else zone,
        )
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _match(text: str, code: str, latest: date | None = None) -> tuple[date, str] | None:
    """Return the day, and what follows it."""
    pattern, order = FORMATS[code]
    # Digits of other scripts would match as well.
    found = pattern.match(text) if text.isascii() else None
    if found is None:
        return None
    parts = dict(zip(order, map(int, found.groups()), strict=True))
    year = parts.get("y")
    if year is None:
        year = 2000 + parts["Y"]
        if latest is not None and year > latest.year:
            year -= 100
    try:
        day = date(year, parts["m"], parts["d"])
    except ValueError:
        return None
    return day, text[found.end() :].rstrip()
