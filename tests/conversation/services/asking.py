"""What tests of conversations ask."""

from consent.models import (
    Channel,
    ConsentEntry,
    Purpose,
)
from consent.selectors import find_permission
from conversation.models import InboundMessage
from messaging.models import Message

Outcome = InboundMessage.Outcome
Action = ConsentEntry.Action


def given(member, channel=Channel.SMS):
    entry = find_permission(member, purpose=Purpose.MARKETING, channel=channel)
    return entry is not None and entry.action == Action.GIVEN


def welcomes():
    return Message.objects.filter(kind="welcome").count()
