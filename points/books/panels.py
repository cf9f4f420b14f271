"""What other rooms owe beside points: panels of the page of debts, by URL name."""

from dataclasses import dataclass
from datetime import date

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


def places(day: date) -> list[Place]:
    """Return the panels, as of the end of a day, in the order in which rooms got ready.

    Their pages are given the day as `until`, as the page of debts is.
    """
    found = []
    for url_name, title in _panels.items():
        try:
            url = reverse(url_name)
        except NoReverseMatch:
            # A room may be registered before its page has an address.
            continue
        address = f"{url}?until={day.isoformat()}"
        found.append(Place(title, address, url_name.replace(":", "-")))
    return found
