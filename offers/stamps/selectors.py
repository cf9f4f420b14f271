"""Reading stamp cards: how far a member is, and how a card goes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum

from common.periods import local_day
from members.models import Member
from offers.models import MemberCard, Stamp, StampCard, Voucher
from offers.stamps import sentences
from offers.texts import in_language
from stores.models import Programme


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member is on a card."""

    card: StampCard
    name: str
    sentence: str
    # Of the next reward; below zero when a used reward is owed.
    collected: int
    needed: int
    lapses_at: datetime | None

    @property
    def circles(self) -> list[bool]:
        """Return a filled or an empty circle for each stamp."""
        return [place < self.collected for place in range(self.needed)]

    @property
    def missing(self) -> int:
        """Return how many stamps are missing to the reward."""
        return self.needed - self.collected

    @property
    def owed(self) -> int:
        """Return how many stamps go to a reward whose goods came back."""
        return max(-self.collected, 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """How a card goes."""

    members: int
    stamps: int
    rewards: int
    used: int
    used_value: Decimal


def list_of_club(programme: Programme) -> QuerySet[StampCard]:
    """Return a club's cards with their figures, newest first."""
    return (
        StampCard.objects.filter(programme=programme)
        .select_related("programme")
        .annotate(
            collectors=Count(
                "members", filter=Q(members__stamps__gt=0) | Q(members__rewards__gt=0)
            )
        )
        .order_by("-pk")
    )


def open_cards(programme: Programme, *, now: datetime) -> QuerySet[StampCard]:
    """Return the cards that a purchase now is stamped on."""
    today = local_day(now, programme.zone)
    return (
        StampCard.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=today),
            programme=programme,
            status=StampCard.Status.PUBLISHED,
            starts_on__lte=today,
        )
        .select_related("programme")
        .order_by("pk")
    )


def cards_of(member: Member, *, now: datetime) -> list[Progress]:
    """Return a member's progress on every open card, also those not begun."""
    mine = {each.card_id: each for each in MemberCard.objects.filter(member=member)}
    return [
        _progress(card, mine.get(card.pk))
        for card in open_cards(member.programme, now=now)
    ]


def figures_of(card: StampCard) -> Figures:
    """Add up what a card gave."""
    mine = MemberCard.objects.filter(card=card).aggregate(
        members=Count("pk", filter=Q(stamps__gt=0) | Q(rewards__gt=0)),
        rewards=Sum("rewards"),
    )
    stamps = Stamp.objects.filter(card=card).exclude(kind=Stamp.Kind.LAPSE)
    used = Voucher.objects.filter(
        stamp_card=card, status=Voucher.Status.USED
    ).aggregate(n=Count("pk"), value=Sum(F("value")))
    return Figures(
        members=mine["members"] or 0,
        stamps=stamps.aggregate(n=Sum("number"))["n"] or 0,
        rewards=mine["rewards"] or 0,
        used=used["n"] or 0,
        used_value=used["value"] or Decimal(0),
    )


def _progress(card: StampCard, mine: MemberCard | None) -> Progress:
    collected = mine.stamps - mine.rewards * card.needed if mine else 0
    return Progress(
        card=card,
        name=in_language(card.names),
        sentence=sentences.sentence(card),
        collected=collected,
        needed=card.needed,
        lapses_at=mine.lapses_at if mine and collected > 0 else None,
    )
