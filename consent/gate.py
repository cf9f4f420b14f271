"""The one question that every message is asked: may it go?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consent import selectors
from consent.models import ConsentEntry
from members.models import Member


class MessageClass(StrEnum):
    """Why a message is sent, which decides what must allow it."""

    CODE = "CODE"  # the member asked for it a moment ago
    SERVICE = "SERVICE"  # about the membership, without a word of marketing
    MARKETING = "MARKETING"  # everything else: one offer line makes it so


class Code(StrEnum):
    """Why the gate opened or stayed shut."""

    CODE = "code"
    SERVICE = "service"
    CONSENT_GIVEN = "consent_given"
    ERASED = "erased"
    NOT_ACTIVE = "not_active"
    NEVER_ASKED = "never_asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer; `entry_id` is the consent entry that decided it."""

    allowed: bool
    code: Code
    entry_id: int | None = None


_BY_ACTION = {
    ConsentEntry.Action.GIVEN: Code.CONSENT_GIVEN,
    ConsentEntry.Action.REFUSED: Code.REFUSED,
    ConsentEntry.Action.WITHDRAWN: Code.WITHDRAWN,
}


def may_send(
    *,
    member: Member | None,
    channel: str,
    message_class: str,
    purpose: str = "",
    now: datetime,
) -> Decision:
    """Decide whether a message may go to a member on a channel, for a purpose, now.

    Codes and service messages go to everybody but the erased; without a member (a code
    for somebody who is not one) too. Marketing needs an active member whose latest word
    on that purpose and channel is yes.
    """
    kind = MessageClass(message_class)
    if member is not None and member.status == Member.Status.ERASED:
        return Decision(allowed=False, code=Code.ERASED)
    if kind is MessageClass.CODE:
        return Decision(allowed=True, code=Code.CODE)
    if kind is MessageClass.SERVICE:
        return Decision(allowed=True, code=Code.SERVICE)
    return _marketing(member, channel, purpose)


def _marketing(member: Member | None, channel: str, purpose: str) -> Decision:
    if member is None or member.status != Member.Status.ACTIVE:
        return Decision(allowed=False, code=Code.NOT_ACTIVE)
    entry = selectors.find_permission(member, purpose=purpose, channel=channel)
    if entry is None:
        return Decision(allowed=False, code=Code.NEVER_ASKED)
    code = _BY_ACTION[ConsentEntry.Action(entry.action)]
    return Decision(allowed=code is Code.CONSENT_GIVEN, code=code, entry_id=entry.pk)
