"""When a number was silent for so long that it may be somebody else's by now.

One rule for every room. What speaks for the member depends on what is at stake:
before personal pages are opened or anything is changed, only an answer from the number
itself counts, for whoever has the number now may have been taken for the member at a
till; before a till greets somebody, a life in the shops counts too.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from members.models import Identifier, Member

# Numbers are given to somebody else after some months of silence; after this long a
# code to the number alone no longer shows that it is still the same person.
SILENT_AFTER = timedelta(days=365)


class Stake(Enum):
    """What somebody gets who is taken for the member."""

    # The name and what they have, from staff who see the person.
    GREETING = auto()
    # The member's pages, and what can be changed there.
    MEMBERSHIP = auto()


SignOfLife = Callable[[Member, datetime], bool]
_signs_of_life: list[SignOfLife] = []


def register_sign_of_life(seen_since: SignOfLife) -> None:
    """Let a room tell whether it has seen a member since a moment."""
    _signs_of_life.append(seen_since)


def is_long_ago(last_proven_at: datetime | None, *, now: datetime) -> bool:
    """Tell whether a proof is too old to be trusted alone; one never given is not."""
    return last_proven_at is not None and now - last_proven_at > SILENT_AFTER


def is_silent(
    *, member: Member, kind: str, value: str, stake: Stake, now: datetime
) -> bool:
    """Tell whether a proven number or address may have gone to somebody else."""
    last = (
        Identifier.objects.filter(
            member=member, kind=kind, value=value.lower(), ended_at=None
        )
        .values_list("last_proven_at", flat=True)
        .first()
    )
    if not is_long_ago(last, now=now):
        return False
    if stake is Stake.MEMBERSHIP:
        return True
    return not any(seen(member, now - SILENT_AFTER) for seen in _signs_of_life)
