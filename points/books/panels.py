"""What other rooms owe beside points: panels of the page of debts, by URL name."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """A panel on the page: fetched from its address, into an element of this id."""

    title: Text
    url: str
    element_id: str


_panels: dict[str, Text] = {}


def register(*, title: Text, url_name: str) -> None:
    """Add a panel that takes no argument; call it in `AppConfig.ready()`."""
    _panels[url_name] = title


def places() -> list[Place]:
    """Return the panels in the order in which rooms got ready."""
    found = []
    for url_name, title in _panels.items():
        try:
            url = reverse(url_name)
        except NoReverseMatch:
            # A room may be registered before its page has an address.
            continue
        found.append(Place(title, url, url_name.replace(":", "-")))
    return found
