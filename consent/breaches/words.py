"""The breach log in words: its clock, what is lacking, what a line changed."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consent.breaches.rules import Clock, Lack
from consent.models import Breach

_LACKS: dict[Lack, str | Promise] = {
    Lack.RISK: gettext_lazy("Judge the risk first."),
    Lack.GROUNDS: gettext_lazy("Write the grounds on which nobody has to be told."),
    Lack.AUTHORITY: gettext_lazy("Say when the authority was told."),
    Lack.WHY_LATE: gettext_lazy("Write why the authority was told late (art. 33(1))."),
    Lack.MEMBERS: gettext_lazy("Say when the members were told."),
}
_LABELS: dict[str, str | Promise] = {
    "title": gettext_lazy("What happened, in a line"),
    "description": gettext_lazy("What happened"),
    "happened_at": gettext_lazy("When it happened"),
    "aware_at": gettext_lazy("When we became aware"),
    "members_touched": gettext_lazy("Members touched, about"),
    "data_touched": gettext_lazy("Kinds of data"),
    "consequences": gettext_lazy("Likely consequences"),
    "measures": gettext_lazy("What was done"),
    "risk": gettext_lazy("Risk to the members"),
    "grounds": gettext_lazy("Grounds"),
    "authority_told_at": gettext_lazy("The authority was told"),
    "authority_reference": gettext_lazy("The authority's number of the case"),
    "members_told_at": gettext_lazy("The members were told"),
    "closed_at": gettext_lazy("Closed"),
}


def lack_in_words(lack: Lack) -> str:
    """Say what has to be done before a breach can be closed."""
    return str(_LACKS[lack])


def clock_in_words(clock: Clock, breach: Breach) -> str:
    """Say how much time is left, or how it ended."""
    hours = clock.hours
    if breach.authority_told_at is not None:
        if breach.authority_told_at <= breach.due_at:
            return _("The authority was told in time")
        return ngettext(
            "The authority was told %(number)s hour late",
            "The authority was told %(number)s hours late",
            hours,
        ) % {"number": hours}
    if clock.is_stopped:
        return _("Nobody has to be told")
    if clock.is_over:
        return ngettext(
            "%(number)s hour too late", "%(number)s hours too late", hours
        ) % {"number": hours}
    return ngettext("%(number)s hour left", "%(number)s hours left", hours) % {
        "number": hours
    }


def clock_tone(clock: Clock) -> str:
    """Return the colour of a clock."""
    if clock.is_stopped:
        return "" if clock.left.total_seconds() < 0 else "good"
    if clock.is_over:
        return "bad"
    return "warn" if clock.is_near else "info"


def changes_in_words(changes: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a line of the log changed: which field, and what it became."""
    return [
        (str(_LABELS.get(name, name)), _value(name, value))
        for name, value in changes.items()
    ]


def _value(name: str, value: Any) -> str:
    if value in (None, ""):
        return _("emptied")
    if name == "risk":
        return str(dict(Breach.Risk.choices).get(value, value))
    if name.endswith("_at"):
        at = parse_datetime(str(value))
        return _moment(at) if at else str(value)
    if isinstance(value, int):
        return number_format(value, force_grouping=True)
    return str(value)


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
