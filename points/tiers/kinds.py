"""What the timeline and the audit trail say about tiers."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members import events
from members.models import Event
from points.models import TierPeriod
from points.programme.sentences import Names
from points.programme.sentences.saying import day as long_day
from stores import audit

REACHED = "points.tier_reached"
KEPT = "points.tier_kept"
LEFT = "points.tier_left"
# In the trail.
GRANTED = "tiers.granted"
GRANT_ENDED = "tiers.grant_ended"


def register() -> None:
    """Register them; called once, when the room is ready."""
    events.register_kind(REACHED, icon="crown", describe=_reached, tone="c2")
    events.register_kind(KEPT, icon="crown", describe=_kept, tone="c2")
    events.register_kind(LEFT, icon="trending-down", describe=_left)
    audit.register_action(GRANTED, gettext_lazy("Gave a member a tier"))
    audit.register_action(GRANT_ENDED, gettext_lazy("Ended a tier that was given"))


def named(names: Mapping[str, str] | None) -> str:
    """Return a tier's name in the active language, from its names."""
    return Names(tiers={"": names or {}}).tier("")


def _words(event: Event) -> dict[str, str]:
    until = event.data.get("until")
    return {
        "tier": named(event.data.get("names")),
        "before": named(event.data.get("from")),
        "day": long_day(date.fromisoformat(until)) if until else "",
    }


def _reached(event: Event) -> str:
    said = _words(event)
    if event.data.get("cause") == TierPeriod.Cause.GRANTED:
        return _("The club gave %(tier)s, until %(day)s.") % said
    if said["day"]:
        return _("Reached %(tier)s, which holds until %(day)s.") % said
    return _("Reached %(tier)s.") % said


def _kept(event: Event) -> str:
    return _("Kept %(tier)s, which holds until %(day)s.") % _words(event)


def _left(event: Event) -> str:
    said = _words(event)
    if event.data.get("cause") == TierPeriod.Cause.MOVED:
        return _("The club's tiers changed: %(before)s became %(tier)s.") % said
    if event.data.get("cause") == TierPeriod.Cause.ENDED:
        return (
            _("%(before)s was given for a time that is over. Has %(tier)s now.") % said
        )
    return _("%(before)s was not earned again. Has %(tier)s now.") % said
