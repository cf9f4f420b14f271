"""The periods that the pages of the privacy desk can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.periods import local_day, start_of_day

PERIODS: Sequence[tuple[str, str | Promise]] = (
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("12 months")),
)
DEFAULT = 30


@dataclass(frozen=True, slots=True)
class Span:
    """The last so many days, today with them, in the programme's zone."""

    days: list[date]
    starts_at: datetime

    @property
    def step(self) -> int:
        """Return in steps of how many days a chart of the span is drawn."""
        return 1 if len(self.days) <= 31 else 7


def read_period(text: str) -> int:
    """Return the number of days asked for, or 30."""
    return int(text) if text in dict(PERIODS) else DEFAULT


def span_of(days: int, *, zone: ZoneInfo, now: datetime) -> Span:
    """Return the last days up to now."""
    today = local_day(now, zone)
    first = today - timedelta(days=days - 1)
    return Span(
        days=[first + timedelta(days=place) for place in range(days)],
        starts_at=start_of_day(first, zone),
    )


def in_steps(span: Span, counts: dict[date, int]) -> list[tuple[date, int]]:
    """Return the counts of a span day by day, or a long one's by seven days.

    Counted from the end, so that the newest step is a whole one.
    """
    step = span.step
    ends = range(len(span.days), 0, -step)
    chunks = [span.days[max(0, end - step) : end] for end in ends]
    return [
        (chunk[0], sum(counts.get(day, 0) for day in chunk))
        for chunk in reversed(chunks)
    ]
