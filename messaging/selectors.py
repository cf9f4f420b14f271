"""Read the outbox."""

from messaging.models import Message
from stores.models import Programme


def latest_messages(
    *, programme: Programme, channel: str, words: str = "", limit: int
) -> list[Message]:
    """Return the latest messages on a channel, newest first.

    `words` is a part of the address.
    """
    found = Message.objects.filter(programme=programme, channel=channel)
    if words:
        found = found.filter(address__icontains=words)
    return list(found.order_by("-queued_at", "-pk")[:limit])


def latest_by_address(
    *, programme: Programme, channel: str, words: str = "", addresses: int, each: int
) -> dict[str, list[Message]]:
    """Return the addresses that were written to last, with their messages in order."""
    recent = latest_messages(
        programme=programme, channel=channel, words=words, limit=addresses * each * 4
    )
    latest: dict[str, list[Message]] = {}
    for message in recent:
        if message.address in latest or len(latest) < addresses:
            latest.setdefault(message.address, []).append(message)
    return {address: many[:each][::-1] for address, many in latest.items()}
