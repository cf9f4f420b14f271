"""What other rooms show of a version of the programme: panels by URL name.

A panel is a URL that takes the version's public id and answers with one card, as on a
member's page (`members.panels`).
"""

from dataclasses import dataclass
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a version's page that some room fills."""

    title: Text
    url_name: str
    order: int


@dataclass(frozen=True, slots=True)
class Place:
    """A panel of one version."""

    title: Text
    url: str
    element_id: str


_panels: dict[str, Panel] = {}


def register(title: Text, url_name: str, order: int = 50) -> None:
    """Add a panel to every version; call it in `AppConfig.ready()`."""
    _panels[url_name] = Panel(title, url_name, order)


def places_for(public_id: UUID) -> list[Place]:
    """Return the panels of a version, in their order."""
    places = []
    for panel in sorted(_panels.values(), key=lambda each: each.order):
        try:
            url = reverse(panel.url_name, args=[public_id])
        except NoReverseMatch:
            # A room may be registered before its page has an address.
            continue
        places.append(Place(panel.title, url, panel.url_name.replace(":", "-")))
    return places
