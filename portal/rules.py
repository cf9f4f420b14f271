"""When a code is good, when a session has ended, when sign-in is under attack."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
# Wrong codes for one number or address in a day, over all its codes and browsers.
WRONG_CODES_PER_DAY = 10
DAY = timedelta(hours=24)

SESSION_IDLE = timedelta(days=30)
SESSION_LONGEST = timedelta(days=90)
# For how long an entered code lets a member do what matters most.
STEP_UP_LIFE = timedelta(minutes=15)
# For how long a changed number or address can be taken back by the link.
UNDO_LIFE = timedelta(hours=72)
# How often a session notes that it was used: a write per page would be waste.
SESSION_NOTED_EVERY = timedelta(minutes=10)

# THE BREAKER: people mistype some codes, a guesser mistypes nearly all of them. The
# window is that of asking for the code, which can be tried for five minutes more: so
# each wrong one counts for ten minutes at least.
SPRAY_WINDOW = timedelta(minutes=15)
SPRAY_FLOOR = 60
SPRAY_WRONG_PER_RIGHT = 2
# However many sign in meanwhile: or a guesser would hide in a crowd, or bring one.
SPRAY_CEILING = 200


class Verdict(StrEnum):
    """What became of an entered code."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED = "used"
    REPLACED = "replaced"
    TRIED_OUT = "tried_out"
    # No code was asked for in this browser.
    UNKNOWN = "unknown"
    # Too many wrong codes for this number or address today.
    LOCKED = "locked"
    # The breaker: codes are refused for everybody for some minutes.
    CLOSED = "closed"


class Undo(StrEnum):
    """What a link that takes a change back can still do."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    # The new number or address is not the member's any more, so nothing is left to do.
    MOOT = "moot"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CodeState:
    """What is known of a code before an entered one is compared with it."""

    expires_at: datetime
    tries: int
    is_used: bool
    is_replaced: bool


def refusal(code: CodeState, *, now: datetime) -> Verdict | None:
    """Return why a code can no longer be used, or None if it can."""
    if code.is_used:
        return Verdict.USED
    if code.is_replaced:
        return Verdict.REPLACED
    if code.expires_at <= now:
        return Verdict.EXPIRED
    if code.tries >= CODE_TRIES:
        return Verdict.TRIED_OUT
    return None


def is_sprayed(*, wrong: int, right: int) -> bool:
    """Tell whether the codes entered lately look like guessing.

    Wrong ones count where the right one was never entered. Codes are refused while
    this holds; what is refused does not count as wrong, so the window empties and
    sign-in opens again by itself.
    """
    if wrong >= SPRAY_CEILING:
        return True
    return wrong >= SPRAY_FLOOR and wrong > SPRAY_WRONG_PER_RIGHT * right


def session_ends_at(*, created_at: datetime, last_seen_at: datetime) -> datetime:
    """Return when a session ends unless it is used: idle or at its longest."""
    return min(created_at + SESSION_LONGEST, last_seen_at + SESSION_IDLE)


def is_stepped_up(stepped_up_at: datetime | None, *, now: datetime) -> bool:
    """Tell whether the last code on a device is fresh enough for what matters most."""
    return stepped_up_at is not None and now - stepped_up_at < STEP_UP_LIFE


def undo_state(
    *, expires_at: datetime, undone_at: datetime | None, now: datetime
) -> Undo:
    """Return whether a change can be taken back by its link."""
    if undone_at is not None:
        return Undo.USED
    return Undo.EXPIRED if expires_at <= now else Undo.OPEN
