"""What can be wrong with a version: faults, and what has to be known to see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from points.programme.goods import Named


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and in the user's words.

    `pointer` is a JSON pointer into the terms (`/multipliers/0/factor`) or names a
    column (`/points_per_unit`). A warning does not stand in the way of publishing.
    """

    pointer: str
    message: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a check has to know of the club; everything else is in the version."""

    currency: str
    stores: frozenset[str]
    channels: frozenset[str]
    # Kinds of events that may give points; `custom.<name>` always may.
    events: frozenset[str]
    # Goods that the version names and the catalogue does not have.
    unknown_goods: frozenset[Named] = frozenset()
    # The day on which the version starts, in the programme's zone.
    starts_on: date | None = None


def blocking(faults: Iterable[Fault]) -> list[Fault]:
    """Return what stands in the way of publishing."""
    return [fault for fault in faults if not fault.is_warning]
