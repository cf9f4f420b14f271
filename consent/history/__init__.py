"""Could we have sent this then? Answered for any past instant, check by check.

What held at an instant is put together from rows that are never changed: entries of
permission, changes of bounds and wishes, suppressions, contacts, events of the
membership and the identifiers of then (`facts`); decided by the gate's rules, written
down once more (`deciding`). A test holds the two against each other.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.gate import Code, MessageClass
from consent.history import deciding, facts
from consent.history.deciding import Check
from consent.history.then import Question
from consent.models import Channel, ConsentEntry
from members.models import Member

__all__ = ["Answer", "Check", "could_have_sent"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate would have said then, and why.

    `code` goes by what was on record at the instant, as the gate did. Where something
    that was said before was written down only later, `code_as_known_now` differs: it
    goes by when things were said. `is_complete` is false where facts of then are gone,
    as after an erasure; then what is known decides.
    """

    allowed: bool
    code: Code
    checks: tuple[Check, ...]
    at: datetime
    # What allowed it, or what stopped it if a permission did.
    entry: ConsentEntry | None
    code_as_known_now: Code
    is_complete: bool
    retry_at: datetime | None = None


def could_have_sent(
    *,
    member: Member,
    channel: str,
    message_class: str,
    purpose: str = "",
    at: datetime,
    but: UUID | None = None,
) -> Answer:
    """Answer as of a past instant.

    `but` leaves one message out of what had been sent, to ask about itself.

    Raises:
        ValueError: there is no such channel or class.
    """
    asked = Question(
        Channel(channel).value, MessageClass(message_class).value, purpose, at
    )
    then = facts.gather(member, asked, but=but)
    verdict = deciding.decide(then, then.on_record, asked)
    now_known = deciding.decide(then, then.said, asked)
    return Answer(
        allowed=verdict.allowed,
        code=verdict.code,
        checks=verdict.checks,
        at=at,
        entry=verdict.entry,
        code_as_known_now=now_known.code,
        is_complete=all(check.is_ok is not None for check in verdict.checks),
        retry_at=verdict.retry_at,
    )
