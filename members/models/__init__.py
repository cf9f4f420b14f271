"""The tables of this room."""

from members.models.event import CurrentTransaction, Event, EventCursor
from members.models.identifier import Identifier
from members.models.member import Member, NameWords
from members.models.merge import DuplicatePair, Merge

__all__ = [
    "CurrentTransaction",
    "DuplicatePair",
    "Event",
    "EventCursor",
    "Identifier",
    "Member",
    "Merge",
    "NameWords",
]
