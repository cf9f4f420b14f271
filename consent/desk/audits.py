"""What the trail keeps of work at the privacy desk."""

from collections.abc import Mapping
from datetime import datetime

from stores import audit
from stores.models import Programme, Staff

EXPORTED = "privacy.exported"
LOOKS_VIEWED = "privacy.looks_viewed"
COULD_HAVE_ASKED = "privacy.could_have_asked"
BREACH_OPENED = "breach.opened"
BREACH_CHANGED = "breach.changed"
BREACH_CLOSED = "breach.closed"
BREACH_EXPORTED = "breach.exported"
YES_TRIED = "consent.yes_tried"
MEMBER_ASKED = "consent.member_asked"


def note_export(
    *,
    programme: Programme,
    staff: Staff,
    what: str,
    filters: Mapping[str, str],
    now: datetime,
) -> None:
    """Note that a list left the house, and by which filters it was chosen.

    Not the words that were searched for: they are a name more often than not.
    """
    audit.record(
        programme=programme,
        actor=staff,
        action=EXPORTED,
        now=now,
        subject=what,
        data={"fields": sorted(name for name in filters if filters.get(name))},
    )
