"""The club's bounds in plain words, for the desk and for its history."""

from datetime import time
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from consent import rules
from consent.models import ContactPolicy
from stores.models import Programme

LABELS: dict[str, Any] = {
    "quiet_from": _("Quiet from"),
    "quiet_until": _("Quiet until"),
    "per_week": _("Messages in seven days"),
    "per_month": _("Messages in thirty days"),
    "gap_hours": _("Hours between two messages"),
    "surveys_per_year": _("Surveys in a year"),
    "youngest_years": _("Youngest age"),
    "profiling_from_years": _("Personal offers from age"),
}


def sentences(policy: ContactPolicy, programme: Programme) -> list[tuple[str, str]]:
    """Say what holds: an icon and a sentence for each bound."""
    return [
        ("moon", _quiet(policy, programme)),
        ("stack-2", _caps(policy)),
        ("clock-hour-4", _gap(policy)),
        ("help-circle", _surveys(policy)),
        ("cake", _youngest(policy, programme)),
        ("target-arrow", _profiling(policy)),
    ]


def written(name: str, value: Any) -> str:
    """Write the value of a bound: hours and minutes of a time, a number as it is."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value)[:5] if name.startswith("quiet") else str(value)


def _quiet(policy: ContactPolicy, programme: Programme) -> str:
    return gettext(
        "Offers and surveys rest between %(start)s and %(end)s (%(zone)s). What was "
        "due then goes out when the rest is over."
    ) % {
        "start": written("quiet_from", policy.quiet_from),
        "end": written("quiet_until", policy.quiet_until),
        "zone": programme.time_zone.replace("_", " "),
    }


def _caps(policy: ContactPolicy) -> str:
    if not (policy.per_week and policy.per_month):
        return gettext("No offers and no surveys go out at all: a limit is zero.")
    return gettext(
        "At most %(week)s in seven days and %(month)s in thirty, SMS and e-mail and "
        "surveys together. A member can ask for fewer, never for more."
    ) % {"week": policy.per_week, "month": policy.per_month}


def _gap(policy: ContactPolicy) -> str:
    if not policy.gap_hours:
        return gettext("Two messages may follow each other at once.")
    return ngettext(
        "At least %(hours)s hour passes between two messages.",
        "At least %(hours)s hours pass between two messages.",
        policy.gap_hours,
    ) % {"hours": policy.gap_hours}


def _surveys(policy: ContactPolicy) -> str:
    if not policy.surveys_per_year:
        return gettext("Nobody is asked any survey.")
    return ngettext(
        "A member is asked at most %(number)s survey in a year.",
        "A member is asked at most %(number)s surveys in a year.",
        policy.surveys_per_year,
    ) % {"number": policy.surveys_per_year}


def _youngest(policy: ContactPolicy, programme: Programme) -> str:
    return gettext(
        "Nobody under %(age)s gets offers or surveys. The law of the club's country "
        "(%(country)s) asks for %(least)s at least. Who has told no birthday counts as "
        "old enough."
    ) % {
        "age": policy.youngest_years,
        "country": programme.country,
        "least": rules.least_age(programme.country),
    }


def _profiling(policy: ContactPolicy) -> str:
    return gettext(
        "Nothing is chosen from what somebody buys before they have turned %(age)s."
    ) % {"age": policy.profiling_from_years}
