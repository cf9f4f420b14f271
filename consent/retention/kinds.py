"""The kinds of data that are let go after a time: rooms register theirs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.functional import Promise

from consent.registry import Retention
from stores.models import Programme

Words = str | Promise
# By the country of the club; the one under "" is for every other.
Days = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Due:
    """What is past its time: of which club, older than what, and the hour it is."""

    programme: Programme
    before: datetime
    now: datetime


Count = Callable[[Due], int]
# Lets at most so many go, in one transaction, and returns how many: none is the end.
Prune = Callable[[Due, int], int]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data with its period, and how it is counted and let go."""

    key: str
    title: Words
    # What letting go means: what is deleted, and what stays.
    does: Words
    # The ground of the period, as the screen gives it.
    why: Words
    days: Days
    least: Days
    most: int
    # Where the rows are; how many there are tells whether a find is large.
    model: type[models.Model]
    count: Count
    prune: Prune
    # Whose promises in the register of personal data it keeps.
    keeps: frozenset[tuple[type[models.Model], Retention]]
    order: int
    # The period is counted in calendar years after the one it happened in.
    whole_years: bool
    # Most of it goes every night, so that much is no sign of a mistake.
    is_routine: bool

    def default_days(self, country: str) -> int:
        """Return the period where a club has set none."""
        return self.days.get(country, self.days[""])

    def least_days(self, country: str) -> int:
        """Return the shortest period that a club may set."""
        return self.least.get(country, self.least[""])

    @property
    def is_fixed(self) -> bool:
        """Tell whether a club has nothing to choose."""
        return all(each == self.most for each in self.least.values())


_kinds: dict[str, Kind] = {}


def register(
    key: str,
    *,
    title: Words,
    does: Words,
    why: Words,
    days: int | Days,
    model: type[models.Model],
    count: Count,
    prune: Prune,
    keeps: Mapping[type[models.Model], Retention | tuple[Retention, ...]],
    least: int | Days | None = None,
    most: int | None = None,
    order: int = 50,
    whole_years: bool = False,
    is_routine: bool = False,
) -> None:
    """Make a kind of data known; call it in `AppConfig.ready()`.

    Without `least` and `most` the period is fixed.

    Raises:
        ValueError: it is known already, or its bounds leave the default out.
    """
    if key in _kinds:
        message = f"the kind of data {key} is registered twice"
        raise ValueError(message)
    usual = {"": days} if isinstance(days, int) else dict(days)
    shortest = usual if least is None else least
    kind = Kind(
        key=key,
        title=title,
        does=does,
        why=why,
        days=usual,
        least={"": shortest} if isinstance(shortest, int) else dict(shortest),
        most=max(usual.values()) if most is None else most,
        model=model,
        count=count,
        prune=prune,
        keeps=frozenset(_pairs(keeps)),
        order=order,
        whole_years=whole_years,
        is_routine=is_routine,
    )
    for country, period in kind.days.items():
        if not kind.least_days(country) <= period <= kind.most:
            message = f"the period of {key} is outside its bounds"
            raise ValueError(message)
    _kinds[key] = kind


def kinds() -> list[Kind]:
    """Return every kind, in the order of the screen and of a run."""
    return sorted(_kinds.values(), key=lambda each: (each.order, each.key))


def find(key: str) -> Kind | None:
    """Return a kind by its key."""
    return _kinds.get(key)


def get(key: str) -> Kind:
    """Return a kind that is known to be there.

    Raises:
        LookupError: no room has registered it.
    """
    return _kinds[key]


def broken_promises(
    registered: Mapping[type[models.Model], Mapping[str, Any]],
) -> list[str]:
    """Name the promises in the register of personal data that no kind keeps."""
    kept = {pair for kind in _kinds.values() for pair in kind.keeps}
    promised = {
        (model, field.retention)
        for model, fields in registered.items()
        for field in fields.values()
        if field.retention not in {Retention.MEMBERSHIP, Retention.EMPLOYMENT}
    }
    return sorted(
        f"{model._meta.label}: {retention.value}"
        for model, retention in promised - kept
    )


def _pairs(
    keeps: Mapping[type[models.Model], Retention | tuple[Retention, ...]],
) -> list[tuple[type[models.Model], Retention]]:
    return [
        (model, each)
        for model, promised in keeps.items()
        for each in (promised if isinstance(promised, tuple) else (promised,))
    ]
