"""Whether a version was tried on what members bought, before it is published.

Who tries it is a room above; without one nothing is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from points.models import EarningRule


@dataclass(frozen=True, slots=True)
class Look:
    """What came of trying a version as it is now, in words of the active language."""

    said: str


Find = Callable[[EarningRule, datetime], Look | None]

_finders: list[Find] = []


def register(find: Find) -> None:
    """Add who tries versions; call it in `AppConfig.ready()`."""
    if find not in _finders:
        _finders.append(find)


def is_possible() -> bool:
    """Tell whether versions can be tried at all."""
    return bool(_finders)


def find_look(rule: EarningRule, *, now: datetime) -> Look | None:
    """Return what came of it; None when it was not tried as it is now."""
    for find in _finders:
        look = find(rule, now)
        if look is not None:
            return look
    return None
