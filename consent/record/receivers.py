"""Who gets members' data beside the club: rooms that send name whom they send to."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Receiver:
    """One who gets data on the club's behalf."""

    # What they do, such as delivering SMS.
    does: Words
    # Who it is, as the settings say: a host's name; empty for systems of our own.
    who: str
    gets: Words

    def __str__(self) -> str:
        said = f"{self.does}: {self.gets}"
        return f"{said} ({self.who})" if self.who else said


_finders: list[Callable[[], list[Receiver]]] = []


def register_receivers(find: Callable[[], list[Receiver]]) -> None:
    """Have `find` asked for receivers, which depend on settings."""
    _finders.append(find)


def receivers() -> list[Receiver]:
    """Return everybody who gets data, as things are set now."""
    return [receiver for find in _finders for receiver in find()]
