"""Half-open periods and the programme's days.

A period runs from `starts_at` up to but not including `ends_at`; None is open.
Days belong to the programme's time zone, also on the nights when clocks change.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def is_within(
    moment: datetime, starts_at: datetime | None, ends_at: datetime | None
) -> bool:
    """Tell whether a moment lies in the half-open period."""
    return (starts_at is None or starts_at <= moment) and (
        ends_at is None or moment < ends_at
    )


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, aware."""
    return datetime.combine(day, time.min, tzinfo=zone)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open bounds of a local day (23 or 25 hours twice a year)."""
    return start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day on which a moment falls in a zone."""
    return moment.astimezone(zone).date()


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day.

    31 January and one month is 28 (or 29) February.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    following = date(year + month // 12, month % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month, min(day.day, last))


def end_of_month_after(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the first instant after the month that is `months` months later.

    Points earned any day of November 2026 with 24 months expire when November 2028
    ends: one day a month on which something expires, that members can remember.
    """
    day = add_months(local_day(moment, zone).replace(day=1), months + 1)
    return start_of_day(day, zone)
