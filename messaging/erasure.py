"""What erasure does to messages: those that wait are not sent."""

from datetime import datetime

from consent.erasure import addresses_of
from consent.gate import Code
from members.models import Member
from messaging.models import Message


def stop(member: Member, _now: datetime) -> None:
    """Stop what has not left; where the text was and to whom goes with the rest.

    Also of what was written to the same number or address before anybody knew whose it
    is: such as the answer to a text from a stranger.
    """
    Message.objects.filter(member=member, state=Message.State.NEW).update(
        state=Message.State.STOPPED, error=Code.ERASED
    )
    addresses = [address for _channel, address in addresses_of(member)]
    strangers = Message.objects.filter(
        programme=member.programme_id, member=None, address__in=addresses
    )
    strangers.filter(state=Message.State.NEW).update(
        state=Message.State.STOPPED, error=Code.ERASED
    )
    strangers.update(address="", subject="", body="")
