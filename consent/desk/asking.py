"""Asking a member, who alone can say yes: the room that sends messages does it."""

from collections.abc import Callable
from datetime import datetime

from members.models import Member
from stores.models import Staff

# Takes the member, the channel, who asks, and when; returns whether it was sent, or
# had been today.
Ask = Callable[[Member, str, Staff, datetime], bool]

_ask: list[Ask] = []


def register(ask: Ask) -> None:
    """Hand in what sends the question; call it in `AppConfig.ready()`."""
    _ask[:] = [ask]


def ask_member(*, member: Member, channel: str, staff: Staff, now: datetime) -> bool:
    """Send a member the link to their own choices; False if it went out today."""
    return _ask[0](member, channel, staff, now)
