"""Cells as COPY takes them: names, postcodes, days, moments, and whole rows.

What comes again and again is read once; what does not shall not fill memory.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from common.copying import NULL, escaped
from enrolment import rules
from enrolment.importing import dates, sizes
from enrolment.importing.values import read_name

# The sign in the place of what cannot be read in a file.
UNREADABLE = "\ufffd"
_NAME, _POSTCODE = 60, 10
_DAYS = 50_000
_WORDS = 20_000
_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)
# So long nobody's points last.
_FAR = timedelta(days=365 * 100)


@lru_cache(_WORDS)
def name_of(typed: str) -> tuple[str, str]:
    """Return a name as COPY takes it, and the code of what is wrong with it."""
    name = read_name(typed)
    if UNREADABLE in name:
        return "", "unreadable_signs"
    if len(name) > _NAME:
        return escaped(name[:_NAME].rstrip()), "name_cut"
    return escaped(name), ""


@lru_cache(_WORDS)
def postcode_of(typed: str) -> tuple[str, str]:
    """Return a postcode as COPY takes it, or what is no postcode."""
    postcode = read_name(typed).upper()
    if len(postcode) > _POSTCODE:
        return "", postcode
    return escaped(postcode), ""


def birthday_reader(code: str, today: date) -> Callable[[str], tuple[str, str]]:
    """Return a function that reads a birthday: the day, or what is wrong with it."""
    read_day = dates.day_reader(code, latest=today)

    @lru_cache(_DAYS)
    def read(typed: str) -> tuple[str, str]:
        if not typed.strip():
            return NULL, ""
        born = read_day(typed.strip())
        if born is None or not rules.is_plausible_birthday(born, today=today):
            return "", "birthday_left_out"
        if not rules.is_old_enough(born, today=today):
            return "", "too_young"
        return born.isoformat(), ""

    return read


def moment_reader(code: str, zone: ZoneInfo, now: datetime) -> Callable[[str], str]:
    """Return a function that reads a moment; nothing when it cannot be one."""
    read_moment = dates.moment_reader(code, zone, latest=now)

    @lru_cache(_DAYS)
    def read(typed: str) -> str:
        at = read_moment(typed.strip())
        return "" if at is None or at < _EPOCH else at.isoformat(" ")

    return read


def last_day_reader(code: str, today: date) -> Callable[[str], tuple[str, str]]:
    """Return a function that reads until when points last, or what is wrong with it."""
    read_day = dates.day_reader(code, latest=None)

    @lru_cache(_DAYS)
    def read(typed: str) -> tuple[str, str]:
        if not typed.strip():
            return NULL, ""
        last = read_day(typed.strip())
        if last is None:
            return "", "points_day_unreadable"
        if last < today:
            return "", "points_lapsed"
        return (dates.NEVER if last - today > _FAR else last).isoformat(), ""

    return read


def copied_cells(cells: Sequence[str]) -> str:
    """Return cells as an array for COPY."""
    return escaped("{" + ",".join(map(_element, cells[: sizes.COLUMNS])) + "}")


def _element(cell: str) -> str:
    text = kept(cell)[: sizes.CELL].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def kept(text: str) -> str:
    """Return a text without the sign that the database cannot hold."""
    return text.replace("\0", UNREADABLE) if "\0" in text else text
