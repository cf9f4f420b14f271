"""What the till shows of a member: enough to greet and serve, nothing to take away."""

from dataclasses import dataclass
from datetime import datetime

from common.money import display
from members import cards, phones
from members.models import Member
from points import words
from points.selectors import balance_of, next_benefit
from purchases.models import Receipt


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
    # Of the way there, in percent.
    progress: int
    last_visit: Visit | None


def card_of(member: Member, *, now: datetime) -> MemberCard:
    """Put together what the till shows of a member."""
    country = member.programme.country
    balance = balance_of(member, now)
    benefit = next_benefit(member, now)
    return MemberCard(
        first_name=member.first_name,
        name=member.name,
        number=cards.display_number(member.number),
        phone=phones.mask(member.phone, country) if member.phone else "",
        email=phones.mask_email(member.email),
        member_since=member.activated_at,
        points=balance.points,
        worth=display(balance.worth, balance.currency).replace("-", "\u2212"),
        next_benefit=words.to_next(benefit) if benefit else "",
        progress=benefit.progress if benefit else 0,
        last_visit=_last_visit(member),
    )


def _last_visit(member: Member) -> Visit | None:
    last = (
        Receipt.objects.filter(member=member)
        .order_by("-purchased_at")
        .values_list("purchased_at", "store__name")
        .first()
    )
    return Visit(*last) if last else None
