"""What counts as being heard of: rooms hand in where that can be read, as SQL.

Each source is an expression for the newest moment of a member `m`, which an index
answers. The room that has seen most members lately stands first: one answer that is
new enough saves the rest.
"""

from dataclasses import dataclass

from django.utils.functional import Promise

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Source:
    """A place where members are heard of."""

    name: str
    title: Words
    newest: str
    order: int


_sources: dict[str, Source] = {}


def register(name: str, *, title: Words, newest: str, order: int = 50) -> None:
    """Make a source known; call it in `AppConfig.ready()`.

    `newest` is written by us and holds nothing that anybody typed.

    Raises:
        ValueError: it is known already.
    """
    if name in _sources:
        message = f"the source {name} is registered twice"
        raise ValueError(message)
    _sources[name] = Source(name, title, newest, order)


def sources() -> list[Source]:
    """Return the sources in the order they are asked."""
    return sorted(_sources.values(), key=lambda each: (each.order, each.name))


def of_events(*kinds: str) -> str:
    """Return the expression for the newest event of some kinds."""
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        "(SELECT max(e.at) FROM members_event e"  # noqa: S608 - our own names
        f" WHERE e.member_id = m.id AND e.kind IN ({named}))"
    )


def newest() -> str:
    """Return the expression for when a member `m` was heard of last."""
    return f"greatest({', '.join([_BEGAN, *(each.newest for each in sources())])})"


def silent_since(moment: str) -> str:
    """Return the condition that a member `m` was not heard of since a moment."""
    asked = [_BEGAN, *(f"coalesce({each.newest}, '-infinity')" for each in sources())]
    return " AND ".join(f"{each} <= {moment}" for each in asked)


_BEGAN = "coalesce(m.activated_at, m.registered_at)"
