"""How far a background job is, shown as a bar that asks again until it is done.

Knows no job table: a room hands in a `Progress` made from whatever it stores, and the
address of the view that answers with the next one.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_page

from common.ui.charts import meter_width
from common.ui.htmx import is_partial

FRAGMENT = "components/_progress.html"
PAGE = "components/progress_page.html"


class State(StrEnum):
    """Where a job stands."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a person who waits wants to know."""

    state: State
    title: str
    done: int = 0
    # None when nobody knows how much there is: the bar then runs without a figure.
    total: int | None = None
    # What is happening, or what went wrong and what to do about it.
    message: str = ""
    # Where the result is, once there is one.
    result_url: str = ""
    result_label: str = ""
    # Tells bars on the same page apart.
    key: str = "job"

    @property
    def is_over(self) -> bool:
        """Say whether asking again is of no use."""
        return self.state in {State.DONE, State.FAILED}

    @property
    def percent(self) -> int | None:
        """Return whole per cent, or None while the total is unknown."""
        if self.state is State.DONE:
            return 100
        if not self.total:
            return None
        return max(0, min(100, self.done * 100 // self.total))

    @property
    def width(self) -> str:
        """Return the bar's length as an SVG attribute."""
        if self.percent is None:
            return "0"
        return meter_width(self.percent, 100)


def render(request: HttpRequest, progress: Progress, *, url: str) -> HttpResponse:
    """Answer with the bar alone for htmx, else with a page around it."""
    context = {"progress": progress, "url": url}
    template = FRAGMENT if is_partial(request) else PAGE
    return render_page(request, template, context)
