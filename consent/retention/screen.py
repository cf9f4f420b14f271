"""What the page shows: each kind with its period, last night and the next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from common.ui import progress
from consent.models import RetentionCount, RetentionRun
from consent.retention import periods
from consent.retention.inactivity import Forecast
from consent.retention.kinds import find, kinds
from consent.retention.periods import Period
from stores.models import Programme

State = RetentionRun.State
TONES = {
    State.RUNNING: "info",
    State.DONE: "good",
    State.HELD: "warn",
    State.FAILED: "bad",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of data with its period, and what the latest runs said."""

    period: Period
    before: datetime
    night: RetentionCount | None
    counted: RetentionCount | None

    @property
    def waits(self) -> bool:
        """Tell whether a person is asked to look."""
        return is_waiting(self.night)


@dataclass(frozen=True, slots=True)
class Screen:
    """All of the page."""

    rows: list[Row]
    night: RetentionRun | None
    counted: RetentionRun | None
    waiting: list[Row]
    forecast: Forecast | None
    forecast_at: datetime | None


def screen_of(programme: Programme, now: datetime) -> Screen:
    """Put the page together, in five questions to the database."""
    night = _latest(programme, is_dry=False)
    counted = _latest(programme, is_dry=True)
    of_night, of_count = _counts(night), _counts(counted)
    rows = [
        Row(
            period,
            period.before(programme, now),
            of_night.get(period.kind.key),
            of_count.get(period.kind.key),
        )
        for period in periods.periods_of(programme)
    ]
    told = max(
        (run for run in (night, counted) if run is not None and run.forecast),
        key=lambda run: run.started_at,
        default=None,
    )
    return Screen(
        rows=rows,
        night=night,
        counted=counted,
        waiting=[row for row in rows if row.waits],
        forecast=Forecast.from_json(told.forecast) if told else None,
        forecast_at=told.started_at if told else None,
    )


def is_waiting(count: RetentionCount | None) -> bool:
    """Tell whether a count is held until a person has looked at it."""
    return count is not None and count.is_held and count.confirmed_at is None


def job_of(run: RetentionRun, counts: Iterable[RetentionCount]) -> progress.Progress:
    """Return how far a count is, as the bar shows it."""
    state = {
        State.RUNNING: progress.State.RUNNING,
        State.FAILED: progress.State.FAILED,
    }.get(State(run.state), progress.State.DONE)
    found = list(counts)
    return progress.Progress(
        state=state,
        title=_("Counting what is past its time"),
        done=len(found),
        total=len(kinds()),
        message=run.error or _("Nothing is deleted."),
        key="retention-count",
    )


def title_of(key: str) -> str:
    """Return what people call a kind, also one that no room knows any more."""
    kind = find(key)
    return str(kind.title) if kind else key


def _latest(programme: Programme, *, is_dry: bool) -> RetentionRun | None:
    return (
        RetentionRun.objects.filter(programme=programme, is_dry=is_dry)
        .order_by("-started_at")
        .first()
    )


def _counts(run: RetentionRun | None) -> dict[str, RetentionCount]:
    if run is None:
        return {}
    return {count.kind: count for count in run.counts.all()}
