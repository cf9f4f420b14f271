"""What the till shows of a member: enough to greet and serve, nothing to take away."""

from dataclasses import dataclass
from datetime import datetime

from members import cards, phones
from members.models import Member


@dataclass(frozen=True, slots=True)
class Visit:
    """When and where a member last bought something."""

    at: datetime
    store: str


@dataclass(frozen=True, slots=True)
class MemberCard:
    """A member at the till; contact details only as far as they help to recognise."""

    first_name: str
    name: str
    number: str
    phone: str
    email: str
    member_since: datetime | None
    points: int
    worth: str
    next_benefit: str
    last_visit: Visit | None
    say: str


def card_of(member: Member, *, now: datetime) -> MemberCard:
    """Put together what the till shows of a member."""
    country = member.programme.country
    return MemberCard(
        first_name=member.first_name,
        name=member.name,
        number=cards.display_number(member.number),
        phone=phones.mask(member.phone, country) if member.phone else "",
        email=phones.mask_email(member.email),
        member_since=member.activated_at,
        points=0,
        worth="",
        next_benefit="",
        last_visit=None,
        say="",
    )
