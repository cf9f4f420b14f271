"""The names that sentences use for what a rule knows by a key.

A value: whoever says sentences reads the names once (`points.programme.naming`) and
passes them in. What it does not hold is unknown, and cannot be said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from points.terms import LANGUAGES, Ladder

CUSTOM = "custom."
SHOP, WEB = "SHOP", "WEB"


@dataclass(frozen=True, slots=True)
class Place:
    """A store's name, and whether it is a shop or sells on the web."""

    name: str
    channel: str = SHOP


@dataclass(frozen=True, slots=True)
class Names:
    """Stores by their code, tiers by their key, articles by their number."""

    stores: Mapping[str, Place] = field(default_factory=dict)
    tiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    articles: Mapping[str, str] = field(default_factory=dict)

    def with_ladder(self, ladder: Ladder | None) -> "Names":
        """Return these names with the tiers of a ladder, and no others."""
        tiers = {tier.key: tier.names for tier in ladder.tiers} if ladder else {}
        return replace(self, tiers=tiers)

    def tier(self, key: str) -> str:
        """Return the name of a tier in the active language; empty if unknown.

        It is a name: without one in the language, the first it has is used.
        """
        names = self.tiers.get(key, {})
        order = (_language(), *LANGUAGES)
        return next((names[each] for each in order if names.get(each)), "")

    @property
    def has_one_web_shop(self) -> bool:
        """Tell whether `our web shop` names a store."""
        return sum(place.channel == WEB for place in self.stores.values()) == 1


def in_language(texts: Mapping[str, str]) -> str:
    """Return a text in the active language, or nothing."""
    return texts.get(_language(), "")


def _language() -> str:
    return (get_language() or "en")[:2]


# What gives points beside purchases, said after `when`: `you visit your pages`. Higher
# rooms name theirs when the house starts.
_done: dict[str, Callable[[], str]] = {}


def register_event(event: str, *, said: Promise) -> None:
    """Name something that a member does, as the clause after `when`.

    `said` is lazy: it is said in the language of whoever reads it.

    Raises:
        ValueError: it has a name already.
    """
    if event in _done:
        message = f"{event} is named twice"
        raise ValueError(message)
    _done[event] = lambda: str(said)


def events() -> dict[str, str]:
    """Return what can give points and its clause, in the active language."""
    return {event: said() for event, said in _done.items()}


def event_clause(event: str) -> str:
    """Return what a member does, as a clause; empty for what nobody has named."""
    if event in _done:
        return _done[event]()
    name = event.removeprefix(CUSTOM).replace("_", " ").replace("-", " ").strip()
    if not event.startswith(CUSTOM) or not name:
        return ""
    return _("we note “%(name)s”") % {"name": name}


# Those that this room takes in itself; see `points.actions.kinds`.
register_event("member.activated", said=gettext_lazy("you finish your registration"))
register_event("portal.visited", said=gettext_lazy("you visit your pages"))
register_event(
    "referral.kept",
    said=gettext_lazy("a friend you invited buys something and keeps it"),
)
register_event(
    "referral.welcomed", said=gettext_lazy("you are new and a friend invited you")
)
