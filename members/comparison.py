"""Two members side by side: what rooms know of each, and what merging them will do.

Rooms register in `AppConfig.ready()`: this one knows neither points nor receipts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from members.models import Member

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of each of the members, in their order."""

    label: Text
    values: tuple[str, ...]

    @property
    def is_different(self) -> bool:
        """Tell whether the members differ in it."""
        return len(set(self.values)) > 1


Tell = Callable[[Sequence[Member], datetime], list[Fact]]
Foretell = Callable[[Member, Member, datetime], list[str]]


@dataclass(frozen=True, slots=True)
class Aspect:
    """What one room says of members who are compared."""

    key: str
    order: int
    tell: Tell
    foretell: Foretell


_aspects: dict[str, Aspect] = {}


def register(*, key: str, order: int, tell: Tell, foretell: Foretell) -> None:
    """Let a room say what it knows, and in sentences what merging will do with it.

    `foretell` gets the member who is kept and the one who is merged.

    Raises:
        ValueError: the key is registered already.
    """
    if key in _aspects:
        message = f"the aspect {key} is registered twice"
        raise ValueError(message)
    _aspects[key] = Aspect(key, order, tell, foretell)


def facts(members: Sequence[Member], *, now: datetime) -> list[Fact]:
    """Return what the rooms know of some members."""
    return [fact for aspect in _in_order() for fact in aspect.tell(members, now)]


def outcome(*, kept: Member, merged: Member, now: datetime) -> list[str]:
    """Say what merging will do with what the rooms hold, a sentence each."""
    return [
        sentence
        for aspect in _in_order()
        for sentence in aspect.foretell(kept, merged, now)
    ]


def _in_order() -> list[Aspect]:
    return sorted(_aspects.values(), key=lambda aspect: aspect.order)
