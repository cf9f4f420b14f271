"""What erasure does to messages: those that wait are not sent."""

from datetime import datetime

from consent.gate import Code
from members.models import Member
from messaging.models import Message


def stop(member: Member, _now: datetime) -> None:
    """Stop what has not left; where the text was and to whom goes with the rest."""
    Message.objects.filter(member=member, state=Message.State.NEW).update(
        state=Message.State.STOPPED, error=Code.ERASED
    )
