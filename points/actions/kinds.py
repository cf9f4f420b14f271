"""What members can get points for besides buying, and what the timeline says of it."""

from collections.abc import Callable

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members import events
from members.models import Event
from points import words

# The kinds of events that a version may give points for, beside custom ones.
ACTIVATED = "member.activated"
VISITED = "portal.visited"
REFERRAL_KEPT = "referral.kept"
REFERRAL_WELCOMED = "referral.welcomed"
CUSTOM = "custom."
# The timeline's own.
AWARDED = "points.action"
REFERRAL_JOINED = "referral.joined"
REFERRAL_INVITED = "referral.invited"

_FOR: dict[str, Callable[[], str]] = {
    ACTIVATED: lambda: _("for becoming a member"),
    VISITED: lambda: _("for visiting your pages"),
    REFERRAL_KEPT: lambda: _("for bringing a friend"),
    REFERRAL_WELCOMED: lambda: _("for coming by a friend's invitation"),
}


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(AWARDED, icon="star", describe=_awarded, tone="c2")
    # Every name that another system sends.
    events.register_kind(f"{CUSTOM}*", icon="point", describe=_custom)
    events.register_kind(REFERRAL_JOINED, icon="user-plus", describe=_joined, tone="c3")
    events.register_kind(
        REFERRAL_INVITED, icon="user-plus", describe=_invited, tone="c3"
    )
    events.register_kind(REFERRAL_KEPT, icon="users", describe=_kept, tone="c3")
    events.register_kind(REFERRAL_WELCOMED, icon="users", describe=_welcomed, tone="c3")


def gives(kind: str) -> bool:
    """Tell whether a version may give points for events of a kind.

    Not for any: points for getting points would never end.
    """
    return kind in _FOR or kind.startswith(CUSTOM)


def reason(kind: str) -> str:
    """Say what points were given for: `for visiting your pages`."""
    said = _FOR.get(kind)
    return said() if said else _("for %(what)s") % {"what": custom_name(kind)}


def custom_name(kind: str) -> str:
    """Write the name of a custom event for people: `custom.wine-tasting`."""
    name = kind.removeprefix(CUSTOM)
    return " ".join(name.replace("_", " ").replace("-", " ").split())


def _awarded(event: Event) -> str:
    points = int(event.data.get("points", 0))
    text = ngettext(
        "%(n)s point earned %(why)s.", "%(n)s points earned %(why)s.", points
    )
    return text % {
        "n": words.number(points),
        "why": reason(str(event.data.get("event", ""))),
    }


def _custom(event: Event) -> str:
    return f"{capfirst(custom_name(event.kind))}."


def _joined(_event: Event) -> str:
    return _("Somebody joined by the invitation.")


def _invited(_event: Event) -> str:
    return _("Joined by a friend's invitation.")


def _kept(_event: Event) -> str:
    return _("Somebody who was invited has bought and kept it.")


def _welcomed(_event: Event) -> str:
    return _("The first purchase after the invitation was kept.")
