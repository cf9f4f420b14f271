"""What the timeline says about points."""

from django.utils.translation import ngettext

from members import events
from members.models import Event

SPENT = "points.spent"
REVERSED = "points.reversed"
EXPIRED = "points.expired"
ADJUSTED = "points.adjusted"


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(SPENT, icon="coin", describe=_spent)
    events.register_kind(REVERSED, icon="receipt-refund", describe=_reversed)
    events.register_kind(EXPIRED, icon="hourglass-low", describe=_expired)
    events.register_kind(ADJUSTED, icon="adjustments", describe=_adjusted)


def _points(event: Event) -> int:
    return abs(int(event.data.get("points", 0)))


def _spent(event: Event) -> str:
    points = _points(event)
    text = ngettext("Used %(points)d point.", "Used %(points)d points.", points)
    return text % {"points": points}


def _reversed(event: Event) -> str:
    points = _points(event)
    text = ngettext(
        "%(points)d point taken back after a return.",
        "%(points)d points taken back after a return.",
        points,
    )
    return text % {"points": points}


def _expired(event: Event) -> str:
    points = _points(event)
    text = ngettext("%(points)d point expired.", "%(points)d points expired.", points)
    return text % {"points": points}


def _adjusted(event: Event) -> str:
    points = _points(event)
    if int(event.data.get("points", 0)) < 0:
        text = ngettext(
            "%(points)d point removed by the club.",
            "%(points)d points removed by the club.",
            points,
        )
    else:
        text = ngettext(
            "%(points)d point added by the club.",
            "%(points)d points added by the club.",
            points,
        )
    return text % {"points": points}
