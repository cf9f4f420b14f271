"""How much we answer. Each stands in docs/limits.md.

Two machines that answer each other end here, and so does whoever has us write to
numbers that are not theirs.
"""

from datetime import datetime, timedelta

from common import limits
from common.limits import Limit, LimitReached
from messaging.limits import parts_per_day
from stores.models import Programme

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

ANSWERS_PER_ADDRESS_HOUR = Limit("conversation.answers.address.hour", 20, _HOUR)
ANSWERS_PER_ADDRESS_DAY = Limit("conversation.answers.address.day", 40, _DAY)
ANSWERS_PER_BLOCK_HOUR = Limit("conversation.answers.block.hour", 100, _HOUR)
# What nobody asked for: explanations for texts that mean nothing to us.
EXPLANATIONS_PER_ADDRESS_DAY = Limit("conversation.explanations.address.day", 3, _DAY)


def may_answer(
    programme: Programme, address: str, *, is_explanation: bool, now: datetime
) -> bool:
    """Count one answer; False when there were enough."""
    per_day = Limit("conversation.answers.day", parts_per_day(programme), _DAY)
    wanted = [
        (ANSWERS_PER_ADDRESS_HOUR, address),
        (ANSWERS_PER_ADDRESS_DAY, address),
        (ANSWERS_PER_BLOCK_HOUR, address[:-3]),
        (per_day, str(programme.public_id)),
    ]
    if is_explanation:
        wanted.append((EXPLANATIONS_PER_ADDRESS_DAY, address))
    try:
        limits.take(wanted, now=now)
    except LimitReached:
        return False
    return True
