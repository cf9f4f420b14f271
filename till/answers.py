"""What a look-up at the till can come to."""

from dataclasses import dataclass
from enum import StrEnum

from members.models import Member


class Outcome(StrEnum):
    """The kinds of answer; each has its pane in templates/till/answers/."""

    KNOWN = "known"
    PENDING = "pending"
    NEW = "new"
    LEFT = "left"
    BLOCKED = "blocked"
    NUMBER_INVALID = "number_invalid"
    COUNTRY_CLOSED = "country_closed"
    CARD_UNKNOWN = "card_unknown"
    REGISTERED = "registered"
    RESENT = "resent"
    TOO_SOON = "too_soon"
    TOO_MANY = "too_many"
    SMS_REFUSED = "sms_refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """An outcome, and what its pane needs."""

    outcome: Outcome
    member: Member | None = None
    # In E.164: the number that was typed, for the button that registers it.
    phone: str = ""
    # Words for the person at the till, where the outcome alone does not say it.
    message: str = ""
    retry_after: int = 0
