"""A member's tier in words, for their own pages."""

from dataclasses import dataclass
from datetime import datetime

from members.models import Member
from points.programme.sentences.names import in_language
from points.tiers import selectors, words
from points.tiers.selectors import Progress


@dataclass(frozen=True, slots=True)
class MyTier:
    """What a member has, what keeps it, and what is missing to the next."""

    progress: Progress
    to_keep: str
    to_next: str
    projected: str

    @property
    def sentences(self) -> list[str]:
        """Return how the whole ladder works."""
        return words.how_it_works(self.progress.ladder, self.progress.currency)


@dataclass(frozen=True, slots=True)
class Level:
    """A tier of the ladder as a member sees it."""

    medal: str
    name: str
    needs: str
    benefits: list[str]
    is_mine: bool


def tier_of(member: Member, *, now: datetime) -> MyTier | None:
    """Return a member's tier; None where the club has none."""
    progress = selectors.progress_of(member, now)
    if progress is None:
        return None
    return MyTier(
        progress=progress,
        to_keep=words.to_keep(progress),
        to_next=words.to_next(progress),
        projected=words.projected(progress),
    )


def levels_of(progress: Progress) -> list[Level]:
    """Return the tiers, the highest first."""
    levels = [
        Level(
            medal=selectors.medal_of(rank),
            name=selectors.name_of(tier),
            needs=words.amount(tier.needs, progress.measure, progress.currency)
            if rank
            else "",
            benefits=list(filter(None, map(in_language, tier.benefits))),
            is_mine=tier.key == progress.tier.key,
        )
        for rank, tier in enumerate(progress.ladder.tiers)
    ]
    return levels[::-1]
