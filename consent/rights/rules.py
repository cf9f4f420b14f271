"""When a request must be answered (GDPR art. 12(3)), and when erasure takes effect."""

import calendar
import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# One month, and two further months for what is complex.
MONTHS = 1
MONTHS_EXTENDED = 3
# For how long an erasure that was asked for can be taken back.
COOLING_OFF = timedelta(hours=24)
# For how long the last message may try to leave before the erasure goes on without it.
FAREWELL_LIFE = timedelta(hours=6)


def due_at(received_at: datetime, zone: ZoneInfo) -> datetime:
    """Return when a request must have been answered: a calendar month on."""
    return _months_after(received_at, MONTHS, zone)


def extended_due_at(received_at: datetime, zone: ZoneInfo) -> datetime:
    """Return when an extended request must have been answered."""
    return _months_after(received_at, MONTHS_EXTENDED, zone)


def may_extend(
    *,
    received_at: datetime,
    extended_at: datetime | None,
    now: datetime,
    zone: ZoneInfo,
) -> bool:
    """Tell whether there is still time to extend: once, and within the first month."""
    return extended_at is None and now < due_at(received_at, zone)


def days_left(due: datetime, *, now: datetime) -> int:
    """Return how many days are left, a begun one counted; negative when overdue."""
    left = (due - now) / timedelta(days=1)
    return math.ceil(left) if left > 0 else math.floor(left)


def _months_after(at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the end of the same day some months on, or of that month's last day.

    The day is the club's own: who asks on the 31st of January is answered on the last
    of February (Regulation 1182/71 art. 3).
    """
    local = at.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(
        year=year,
        month=month + 1,
        day=day,
        hour=23,
        minute=59,
        second=59,
        microsecond=0,
        fold=0,
    ).astimezone(ZoneInfo("UTC"))
