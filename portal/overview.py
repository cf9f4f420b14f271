"""What a member has: points, their worth, the next benefit, what expires when."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from members.models import Member


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that expire on a day, and what is lost with them."""

    points: int
    worth: str
    on: date


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of the first page."""

    points: int
    worth: str
    goal: str
    goal_from: str
    goal_done: int
    goal_total: int
    expiring: Expiring | None
    rule: list[str]


def overview_of(member: Member, *, now: datetime) -> Overview:
    """Put together what a member has."""
    return Overview(0, str(Decimal(0)), "", "", 0, 0, None, [])
