"""How long join links live, and what state one is in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LINK_LIFE = timedelta(days=7)
# Between two links to the same number: time for an SMS to arrive.
RESEND_DELAY = timedelta(seconds=60)


class LinkState(StrEnum):
    """What a link can still do."""

    OPEN = "open"
    USED = "used"
    REPLACED = "replaced"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What a link's state follows from."""

    expires_at: datetime
    used_at: datetime | None
    replaced_at: datetime | None


def state_of(link: LinkFacts, *, now: datetime) -> LinkState:
    """Return the state of a link; used outweighs replaced, replaced expired."""
    if link.used_at is not None:
        return LinkState.USED
    if link.replaced_at is not None:
        return LinkState.REPLACED
    return LinkState.EXPIRED if link.expires_at <= now else LinkState.OPEN


def wait_before_resend(sent_at: datetime | None, *, now: datetime) -> timedelta:
    """Return how long to wait before another link may be sent."""
    if sent_at is None:
        return timedelta(0)
    return max(timedelta(0), sent_at + RESEND_DELAY - now)
