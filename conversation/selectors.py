"""Read what people wrote."""

from conversation.models import InboundMessage
from messaging.two_way import Reply
from stores.models import Programme

_MOST = 200


def written_from(programme: Programme, words: str) -> list[Reply]:
    """Return the latest SMS from numbers that contain some digits, newest first."""
    found = InboundMessage.objects.filter(
        programme=programme, channel="sms", conversation__isnull=False
    ).exclude(address="")
    if words:
        found = found.filter(address__contains=words)
    return [
        Reply(
            address=each.address, at=each.received_at, text=each.text, key=str(each.pk)
        )
        for each in found.order_by("-received_at", "-pk")[:_MOST]
    ]
