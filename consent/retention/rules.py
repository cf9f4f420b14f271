"""When a silent member is told, and when erased: decisions without a database."""

from collections.abc import Sequence
from datetime import datetime, timedelta

STEPS = 3
# Silence at which each of the three is due, before the period is over: two months, one
# month, none.
_BEFORE_THE_END = (timedelta(days=61), timedelta(days=30), timedelta(0))
# Between two of them there is time to come back, also where a club begins late.
APART = timedelta(days=28)


def due_at(step: int, last_active_at: datetime, period: timedelta) -> datetime:
    """Return when a silence has lasted long enough for a step, 1 to 3."""
    return last_active_at + period - _BEFORE_THE_END[step - 1]


def longest_ago(step: int, now: datetime, period: timedelta) -> datetime:
    """Return since when a member must have been silent for a step to be due."""
    return now - period + _BEFORE_THE_END[step - 1]


def months_of(step: int, period: timedelta) -> int:
    """Return after how many months of silence a step is due: 22, 23, 24."""
    return round((period - _BEFORE_THE_END[step - 1]).days * 12 / 365)


def schedule(
    last_active_at: datetime,
    told_at: Sequence[datetime],
    *,
    period: timedelta,
    grace: timedelta,
    now: datetime,
) -> list[datetime]:
    """Return when the steps that are left come, and last when the member is erased.

    `told_at` are those that have reached the member, in order.
    """
    coming = []
    latest = told_at[-1] if told_at else None
    for step in range(len(told_at) + 1, STEPS + 1):
        at = max(now, due_at(step, last_active_at, period))
        if latest is not None:
            at = max(at, latest + APART)
        coming.append(at)
        latest = at
    end = max(now, last_active_at + period)
    return [*coming, end if latest is None else max(end, latest + grace)]
