"""Which points an event gives, and what it is counted within: pure decisions."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from common.periods import local_day
from points.terms import Action, Per, Terms


def actions_for(terms: Terms, kind: str) -> Iterator[Action]:
    """Return the actions of a version that events of a kind count towards."""
    return (each for each in terms.actions if each.event == kind and each.points > 0)


def occasion_of(action: Action, at: datetime, event_id: UUID, zone: ZoneInfo) -> str:
    """Return what an event is counted within, in words that sort and never repeat.

    Days are the club's; a week is ISO's, from Monday, and belongs to the year that has
    its Thursday.
    """
    day = local_day(at, zone)
    week = day.isocalendar()
    return {
        Per.ONCE: "once",
        Per.EACH: str(event_id),
        Per.DAY: day.isoformat(),
        Per.WEEK: f"{week.year}-W{week.week:02d}",
        Per.MONTH: f"{day:%Y-%m}",
        Per.YEAR: f"{day:%Y}",
    }[action.per]


def most_of(action: Action) -> int:
    """Return how often an action gives points within its occasion."""
    return 1 if action.per in {Per.ONCE, Per.EACH} else max(action.times, 1)
