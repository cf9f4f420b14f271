"""The desk's side bar: rooms hand in their pages, staff see what their roles open.

What a person may do is decided by the access table; this only leaves out doors that
would be locked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

# Groups in the order of the side bar; the first has no heading.
GROUPS: dict[str, Text] = {
    "overview": "",
    "engage": _("Engage"),
    "loyalty": _("Loyalty"),
    "stores": _("Stores"),
    "insight": _("Insight"),
    "privacy": _("Privacy"),
    "settings": _("Settings"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the side bar."""

    group: str
    label: Text
    url_name: str
    icon: str
    # Who sees it; empty means everyone who is signed in to the desk.
    roles: frozenset[str] = frozenset()
    order: int = 50
    # Other words people use for it, for the search.
    keywords: Text = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry with its address, and whether it is the page one is on."""

    entry: Entry
    url: str
    is_current: bool


@dataclass(slots=True)
class Group:
    """A heading with its links."""

    key: str
    label: Text
    links: list[Link] = field(default_factory=list)


_entries: dict[str, Entry] = {}


def register(
    *,
    group: str,
    label: Text,
    url_name: str,
    icon: str,
    roles: Iterable[str] = (),
    order: int = 50,
    keywords: Text = "",
) -> None:
    """Add a page to the side bar; call it in `AppConfig.ready()`.

    Raises:
        ValueError: the group does not exist.
    """
    if group not in GROUPS:
        message = f"{group} is not a group of the side bar: {', '.join(GROUPS)}"
        raise ValueError(message)
    _entries[url_name] = Entry(
        group=group,
        label=label,
        url_name=url_name,
        icon=icon,
        roles=frozenset(roles),
        order=order,
        keywords=keywords,
    )


def entries() -> list[Entry]:
    """Return every registered entry in the order of the side bar."""
    place = list(GROUPS)
    return sorted(
        _entries.values(), key=lambda entry: (place.index(entry.group), entry.order)
    )


def roles_of(request: HttpRequest) -> frozenset[str]:
    """Return the role codes of the signed-in person, asked for once a request."""
    known: frozenset[str] | None = getattr(request, "roles", None)
    if known is not None:
        return known
    grants = getattr(getattr(request, "user", None), "roles", None)
    roles = frozenset(grants.values_list("role", flat=True)) if grants else frozenset()
    request.roles = roles  # type: ignore[attr-defined]
    return roles


def may_see(roles: frozenset[str], wanted: frozenset[str]) -> bool:
    """Say whether one of the roles opens a thing that names these roles."""
    return not wanted or bool(roles & wanted)


def links_for(request: HttpRequest) -> list[Link]:
    """Return the links that this person sees, the nearest to this page marked."""
    roles = roles_of(request)
    found = []
    for entry in entries():
        if not may_see(roles, entry.roles):
            continue
        try:
            found.append((entry, reverse(entry.url_name)))
        except NoReverseMatch:
            # A room may be registered before its page has an address.
            continue
    here = max(
        (url for _, url in found if _is_under(request.path, url)), key=len, default=""
    )
    return [Link(entry=entry, url=url, is_current=url == here) for entry, url in found]


def groups_for(request: HttpRequest) -> list[Group]:
    """Return the side bar of this person: groups with at least one link."""
    groups = {key: Group(key=key, label=label) for key, label in GROUPS.items()}
    for link in links_for(request):
        groups[link.entry.group].links.append(link)
    return [group for group in groups.values() if group.links]


def _is_under(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
