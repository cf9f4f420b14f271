"""What is known of a past instant, as plain values."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from consent.models import ConsentEntry, Suppression

Words = dict[tuple[str, str], ConsentEntry]


class Question(NamedTuple):
    """May it go on this channel, of this class, for this purpose, at this instant?"""

    channel: str
    message_class: str
    purpose: str
    at: datetime


class Standing(NamedTuple):
    """A status, since when; none when it is not known any more, or was none yet."""

    status: str | None
    since: datetime | None


class Bounds(NamedTuple):
    """The club's bounds of then."""

    quiet_from: time
    quiet_until: time
    per_week: int
    per_month: int
    gap_hours: int
    surveys_per_year: int
    youngest_years: int
    profiling_from_years: int


@dataclass(frozen=True, slots=True)
class Then:
    """What held at the instant. The club's zone and country are today's."""

    standing: Standing
    # Whether the address of then is known, and what it was.
    knows_address: bool
    address: str
    address_since: datetime | None
    suppression: Suppression | None
    born_on: date | None
    # The last words as they were on record then, and as they had been said by then.
    on_record: Words
    said: Words
    wishes: dict[str, Any]
    wished_at: datetime | None
    bounds: Bounds
    bounds_since: datetime | None
    # What counted against the budget, latest first: kind and time.
    contacts: tuple[tuple[str, datetime], ...]
    zone: ZoneInfo
    by_law: int
