"""What the till shows of a member: enough to greet and serve, nothing to take away."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import ngettext

from common.money import display
from members import cards, phones
from members.models import Member
from offers.stamps.selectors import Progress, cards_of
from offers.vouchers import selectors as vouchers
from offers.vouchers import words as voucher_words
from points import words
from points.selectors import NextBenefit, balance_of, next_benefit
from points.tiers.selectors import TierView, tier_of
from purchases.models import Receipt

SHOWN_VISITS = 3


@dataclass(frozen=True, slots=True)
class Visit:
    """When and where a member last bought something."""

    at: datetime
    store: str


@dataclass(frozen=True, slots=True)
class UsableVoucher:
    """A voucher that this purchase may use, as its receipt will be judged."""

    title: str
    code: str
    last_day: str


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
    # What can be had at this purchase, in words.
    usable: str
    # Points cannot be used before, because a contact detail was changed.
    held_until: datetime | None
    visits: tuple[Visit, ...]
    # To use now, the first to end first; and how far the stamp cards are.
    vouchers: tuple[UsableVoucher, ...]
    stamp_cards: tuple[Progress, ...]
    # None where the club has no tiers.
    tier: TierView | None


def card_of(member: Member, *, now: datetime) -> MemberCard:
    """Put together what the till shows of a member."""
    country = member.programme.country
    balance = balance_of(member, now)
    benefit = next_benefit(member, now)
    held = member.held_until
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
        usable=_usable(benefit) if benefit else "",
        held_until=held if held and held > now else None,
        visits=tuple(_last_visits(member)),
        vouchers=tuple(_vouchers(member, now)),
        stamp_cards=tuple(cards_of(member, now=now)),
        tier=tier_of(member, now),
    )


def _vouchers(member: Member, now: datetime) -> list[UsableVoucher]:
    return [
        UsableVoucher(
            title=voucher_words.title(each),
            code=voucher_words.code(each),
            last_day=voucher_words.last_day(each, member.programme.zone),
        )
        for each in vouchers.usable_now(member, now=now)
    ]


def _usable(benefit: NextBenefit) -> str:
    if not benefit.vouchers or benefit.is_automatic:
        return ""
    return ngettext(
        "Enough points for %(n)s voucher of %(money)s",
        "Enough points for %(n)s vouchers of %(money)s each",
        benefit.vouchers,
    ) % {
        "n": words.number(benefit.vouchers),
        "money": display(benefit.reward_worth, benefit.currency),
    }


def _last_visits(member: Member) -> list[Visit]:
    last = (
        Receipt.objects.filter(member=member)
        .order_by("-purchased_at")
        .values_list("purchased_at", "store__name")[:SHOWN_VISITS]
    )
    return [Visit(*each) for each in last]
