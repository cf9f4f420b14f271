"""Who may open which URL: the words in which the access table is written.

The table itself is `loyalty/access.py`, since only the roof knows every URL. The
middleware closes every URL that the table does not name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stores.models import Staff
from stores.roles import Role


class Audience(StrEnum):
    """Which kind of caller a URL is for, and so how the caller is known."""

    PUBLIC = "public"  # everybody
    DESK = "desk"  # staff signed in with password and second factor
    DEVICE = "device"  # an enrolled till device, before a PIN
    TILL = "till"  # an enrolled till device with a staff PIN
    MEMBER = "member"  # a member signed in to the portal
    API = "api"  # a key; scopes are checked by the view's `scopes`


ANYONE = frozenset(Role)
READ = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a URL: an audience and, for the desk and till, roles by method."""

    audience: Audience
    methods: Mapping[str, frozenset[Role]] = field(default_factory=dict)

    def roles(self, method: str) -> frozenset[Role] | None:
        """Return the roles that may use a method, or None if nobody may."""
        return self.methods.get("GET" if method == "HEAD" else method)


def public(*methods: str) -> Access:
    """Open to everybody for these methods."""
    return Access(Audience.PUBLIC, dict.fromkeys(methods, ANYONE))


def desk(
    get: Iterable[Role] | None = None, post: Iterable[Role] | None = None
) -> Access:
    """For staff at the desk: the roles that may read, and those that may change."""
    return Access(Audience.DESK, _by_method(get, post))


def till(
    get: Iterable[Role] | None = None, post: Iterable[Role] | None = None
) -> Access:
    """For staff at an enrolled device."""
    return Access(Audience.TILL, _by_method(get, post))


def device(*methods: str) -> Access:
    """For an enrolled device, whoever stands at it."""
    return Access(Audience.DEVICE, dict.fromkeys(methods, ANYONE))


def member(*methods: str) -> Access:
    """For a member signed in to the portal."""
    return Access(Audience.MEMBER, dict.fromkeys(methods, ANYONE))


def api(*methods: str) -> Access:
    """For an API key."""
    return Access(Audience.API, dict.fromkeys(methods, ANYONE))


def grants_of(staff: Staff) -> tuple[tuple[Role, int | None], ...]:
    """Return a person's roles, each with its store's key or None for the chain.

    One query; cached on the object, which lives as long as the request.
    """
    cached: tuple[tuple[Role, int | None], ...] | None = getattr(staff, "_grants", None)
    if cached is None:
        cached = tuple(
            (Role(role), store)
            for role, store in staff.roles.values_list("role", "store_id")
        )
        staff._grants = cached  # type: ignore[attr-defined]
    return cached


def roles_of(staff: Staff) -> frozenset[Role]:
    """Return every role a person holds, anywhere."""
    return frozenset(role for role, _store in grants_of(staff))


def stores_of(staff: Staff) -> frozenset[int] | None:
    """Return the keys of the stores a person belongs to; None is the whole chain."""
    grants = grants_of(staff)
    if any(store is None for _role, store in grants):
        return None
    return frozenset(store for _role, store in grants if store is not None)


def managed_stores_of(staff: Staff) -> frozenset[int] | None:
    """Return the keys of the stores a person runs; None is every store (an owner)."""
    grants = grants_of(staff)
    if any(role is Role.OWNER for role, _store in grants):
        return None
    return frozenset(
        store
        for role, store in grants
        if role is Role.STORE_MANAGER and store is not None
    )


def grantable_roles(staff: Staff) -> frozenset[Role]:
    """Return the roles a person may give to others.

    Owners give any; a store manager takes on store staff and nobody above them.
    """
    roles = roles_of(staff)
    if Role.OWNER in roles:
        return frozenset(Role)
    if Role.STORE_MANAGER in roles:
        return frozenset({Role.STORE_STAFF})
    return frozenset()


def _by_method(
    get: Iterable[Role] | None, post: Iterable[Role] | None
) -> dict[str, frozenset[Role]]:
    methods = {}
    if get is not None:
        methods["GET"] = frozenset(get)
    if post is not None:
        methods["POST"] = frozenset(post)
    return methods
