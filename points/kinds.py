"""What the timeline says about points."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members import events
from members.models import Event
from points import words

SPENT = "points.spent"
REVERSED = "points.reversed"
EXPIRED = "points.expired"
ADJUSTED = "points.adjusted"
PROGRAMME_CHANGED = "points.programme_changed"
PROGRAMME_STAYS = "points.programme_stays"
ACTIVATED = "points.activated"
RESTORED = "points.restored"
BROUGHT = "points.brought"


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(SPENT, icon="coin", describe=_spent)
    events.register_kind(REVERSED, icon="receipt-refund", describe=_reversed)
    events.register_kind(EXPIRED, icon="hourglass-low", describe=_expired)
    events.register_kind(ADJUSTED, icon="adjustments", describe=_adjusted)
    events.register_kind(PROGRAMME_CHANGED, icon="rosette", describe=_changed)
    events.register_kind(PROGRAMME_STAYS, icon="rosette", describe=_stays)
    events.register_kind(ACTIVATED, icon="circle-check", describe=_activated)
    events.register_kind(RESTORED, icon="arrow-back-up", describe=_restored)
    events.register_kind(BROUGHT, icon="coins", describe=_brought)


def _changed(event: Event) -> str:
    day = date.fromisoformat(event.data["from"])
    return _("Told that the rules for points change on %(day)s.") % {
        "day": date_format(day, "DATE_FORMAT")
    }


def _stays(event: Event) -> str:
    day = date.fromisoformat(event.data["from"])
    return _("Told that the rules for points do not change on %(day)s.") % {
        "day": date_format(day, "DATE_FORMAT")
    }


def _points(event: Event) -> int:
    return abs(int(event.data.get("points", 0)))


def _spent(event: Event) -> str:
    points = _points(event)
    if event.data.get("source") == "voucher":
        text = ngettext(
            "%(points)s point became a voucher.",
            "%(points)s points became a voucher.",
            points,
        )
    else:
        text = ngettext("Used %(points)s point.", "Used %(points)s points.", points)
    return text % {"points": words.number(points)}


def _reversed(event: Event) -> str:
    points = _points(event)
    text = ngettext(
        "%(points)s point taken back after a return.",
        "%(points)s points taken back after a return.",
        points,
    )
    return text % {"points": words.number(points)}


def _expired(event: Event) -> str:
    points = _points(event)
    text = ngettext("%(points)s point expired.", "%(points)s points expired.", points)
    return text % {"points": words.number(points)}


def _adjusted(event: Event) -> str:
    points = _points(event)
    if int(event.data.get("points", 0)) < 0:
        text = ngettext(
            "%(points)s point removed by the club.",
            "%(points)s points removed by the club.",
            points,
        )
    else:
        text = ngettext(
            "%(points)s point added by the club.",
            "%(points)s points added by the club.",
            points,
        )
    return text % {"points": words.number(points)}


def _activated(event: Event) -> str:
    points = _points(event)
    text = ngettext(
        "%(points)s point can be used now.",
        "%(points)s points can be used now.",
        points,
    )
    return text % {"points": words.number(points)}


def _restored(event: Event) -> str:
    points = _points(event)
    if event.data.get("source") == "voucher":
        text = ngettext(
            "%(points)s point given back for a voucher that was taken back.",
            "%(points)s points given back for a voucher that was taken back.",
            points,
        )
    else:
        text = ngettext(
            "%(points)s point given back.", "%(points)s points given back.", points
        )
    return text % {"points": words.number(points)}


def _brought(event: Event) -> str:
    points = _points(event)
    text = ngettext(
        "Brought %(points)s point along, collected before the club moved here.",
        "Brought %(points)s points along, collected before the club moved here.",
        points,
    )
    return text % {"points": words.number(points)}
