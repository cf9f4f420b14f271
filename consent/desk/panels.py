"""What the overview of the privacy desk is made of: rooms hand in panels.

A panel is a URL without parameters that answers with one card. Opened on its own,
without htmx, it is a page with that card (`consent.desk.frame`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from stores.access import roles_of
from stores.models import Staff
from stores.roles import Role

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the overview that some room fills."""

    title: Text
    url_name: str
    order: int
    roles: frozenset[Role]

    @property
    def url(self) -> str:
        """Return where its card is fetched."""
        return reverse(self.url_name)

    @property
    def element_id(self) -> str:
        """Return the id of its card on the page."""
        return self.url_name.replace(":", "-")


_panels: dict[str, Panel] = {}


def register(
    title: Text, url_name: str, order: int = 50, *, roles: Iterable[Role] = ()
) -> None:
    """Add a panel to the overview; call it in `AppConfig.ready()`.

    `roles` are those that the access table lets in; empty means all who see the
    overview.
    """
    _panels[url_name] = Panel(title, url_name, order, frozenset(roles))


def panels_for(staff: Staff) -> list[Panel]:
    """Return the panels that this person may see, in their order."""
    held = roles_of(staff)
    return [
        panel
        for panel in sorted(_panels.values(), key=lambda each: each.order)
        if not panel.roles or panel.roles & held
    ]
