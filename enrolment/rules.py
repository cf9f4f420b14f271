"""How long links and registrations live, what state one is in, and who may join."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

LINK_LIFE = timedelta(days=7)
# Between two links to the same number: time for an SMS to arrive.
RESEND_DELAY = timedelta(seconds=60)
# On the clock of the club: nobody is reminded at night.
REMINDERS_FROM = time(8)
REMINDERS_UNTIL = time(20)
# As the terms say: above the age of digital consent everywhere in the Nordics.
YOUNGEST_YEARS = 16
_OLDEST_YEARS = 120


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


def may_remind(local: datetime) -> bool:
    """Tell whether a reminder may go at a time of the club's own clock."""
    return REMINDERS_FROM <= local.time() < REMINDERS_UNTIL


def is_old_enough(born: date, *, today: date) -> bool:
    """Tell whether somebody born on a day may be a member."""
    return _age(born, today) >= YOUNGEST_YEARS


def is_plausible_birthday(born: date, *, today: date) -> bool:
    """Tell whether somebody alive can have been born on a day."""
    return born <= today and _age(born, today) <= _OLDEST_YEARS


def _age(born: date, today: date) -> int:
    # Born on 29 February, one is a year older on 1 March in other years.
    had_birthday = (today.month, today.day) >= (born.month, born.day)
    return today.year - born.year - (0 if had_birthday else 1)
