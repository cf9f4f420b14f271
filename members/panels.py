"""What a member's page is made of: rooms hand in panels, the page fetches each.

A panel is a URL that takes the member's public id and answers with one card. Opened on
its own, without htmx, it is a page with that card (`members.views.frame`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from members.models import Member
from stores.access import roles_of
from stores.models import Staff
from stores.roles import Role

Text = str | Promise


class Column(StrEnum):
    """Where on the page a panel stands."""

    MAIN = "main"
    SIDE = "side"


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the member's page that some room fills."""

    title: Text
    url_name: str
    order: int
    column: Column
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Place:
    """A panel on one member's page."""

    panel: Panel
    url: str
    element_id: str


_panels: dict[str, Panel] = {}


def register(
    *,
    title: Text,
    url_name: str,
    order: int = 50,
    column: Column = Column.MAIN,
    roles: Iterable[Role] = (),
) -> None:
    """Add a panel to every member's page; call it in `AppConfig.ready()`.

    `roles` are those that the access table lets in; empty means all who see members.
    """
    _panels[url_name] = Panel(title, url_name, order, column, frozenset(roles))


def places_for(staff: Staff, member: Member, column: Column) -> list[Place]:
    """Return the panels of a column that this person may see."""
    held = roles_of(staff)
    places = []
    for panel in sorted(_panels.values(), key=lambda each: each.order):
        if panel.column is not column or (panel.roles and not panel.roles & held):
            continue
        try:
            url = reverse(panel.url_name, args=[member.public_id])
        except NoReverseMatch:
            # A room may be registered before its page has an address.
            continue
        places.append(Place(panel, url, panel.url_name.replace(":", "-")))
    return places
