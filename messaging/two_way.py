"""What members can answer: from which sender, and what the simulator shows of it.

Reading answers is a higher room's business; it registers here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from stores.models import Programme


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMS that came in; `key` tells it from every other one."""

    address: str
    at: datetime
    text: str
    key: str


# Takes the programme and a part of a number, or nothing; returns the latest.
Find = Callable[[Programme, str], list[Reply]]


@dataclass(frozen=True, slots=True)
class Replies:
    """Where the simulator's phones write to, and what they have written."""

    url_name: str
    find: Find


_answerable: set[str] = set()
_replies: list[Replies] = []


def expect_answer(kind: str) -> None:
    """Let a kind of message come from the number that can be answered."""
    _answerable.add(kind)


def sender_for(kind: str, name: str) -> str:
    """Return who an SMS comes from: our number where an answer is expected.

    A sender that is a name cannot be answered.
    """
    number: str = settings.SMS_REPLY_NUMBER
    return number if number and kind in _answerable else name


def register_replies(*, url_name: str, find: Find) -> None:
    """Give the simulator a reply box; the room that reads answers calls it."""
    _replies[:] = [Replies(url_name, find)]


def replies() -> Replies | None:
    """Return what was registered, if anything."""
    return _replies[0] if _replies else None
