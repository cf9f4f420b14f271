"""Lines and providers by name; rooms above may register theirs."""

from collections.abc import Callable

from django.conf import settings

from conversation.channels.contract import Line, Provider

_lines: dict[str, Line] = {}
_providers: dict[str, Callable[[], Provider]] = {}


def register_line(line: Line) -> None:
    """Make a line known; a later one of the same name takes its place."""
    _lines[line.name] = line


def register_provider(name: str, make: Callable[[], Provider]) -> None:
    """Make a provider known under the name that its address has."""
    _providers[name] = make


def line_of(channel: str) -> Line:
    """Return a line.

    Raises:
        LookupError: there is none of this name.
    """
    return _lines[channel]


def provider_names() -> frozenset[str]:
    """Return the names of every provider, open or not."""
    return frozenset(_providers)


def find_provider(name: str) -> Provider | None:
    """Return a provider that settings open, or None."""
    if name not in settings.SMS_INBOUND or name not in _providers:
        return None
    return _providers[name]()
