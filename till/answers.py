"""What a look-up at the till can come to."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from members.models import Member


class Outcome(StrEnum):
    """The kinds of answer; each has its pane in templates/till/answers/."""

    KNOWN = "known"
    PENDING = "pending"
    NEW = "new"
    LEFT = "left"
    BLOCKED = "blocked"
    # Nobody has answered from the number for so long that it may be somebody else's.
    SILENT = "silent"
    PROOF_SENT = "proof_sent"
    NUMBER_INVALID = "number_invalid"
    COUNTRY_CLOSED = "country_closed"
    CARD_UNKNOWN = "card_unknown"
    CARD_LOST = "card_lost"
    CARD_REPLACED = "card_replaced"
    # By name, for managers.
    NAME = "name"
    NAME_SHORT = "name_short"
    NAMES = "names"
    NAMES_MANY = "names_many"
    REGISTERED = "registered"
    RESENT = "resent"
    TOO_SOON = "too_soon"
    TOO_MANY = "too_many"
    SMS_REFUSED = "sms_refused"
    # Making something good: why, how much, a manager's yes, and done.
    GOODWILL_REASONS = "goodwill_reasons"
    GOODWILL_AMOUNTS = "goodwill_amounts"
    GOODWILL_APPROVAL = "goodwill_approval"
    GOODWILL_DONE = "goodwill_done"
    GOODWILL_REFUSED = "goodwill_refused"


@dataclass(frozen=True, slots=True)
class Hit:
    """One of a few members whose names begin as was typed; contact details masked."""

    public_id: UUID
    name: str
    phone: str
    place: str


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
    hits: tuple[Hit, ...] = ()
