"""What the timeline says about signing in."""

from django.utils.translation import gettext as _

from members import events
from members.models import Event

SIGNED_IN = "portal.signed_in"
# Pressed, after a long silence, that they want to stay.
KEPT = "portal.kept"

# Opened their first page, the first time on a day; versions may give points for it.
VISITED = "portal.visited"


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(SIGNED_IN, icon="login", describe=_signed_in)
    events.register_kind(KEPT, icon="heart-handshake", describe=_kept)
    events.register_kind(
        VISITED, icon="device-mobile", describe=_visited, for_member=False
    )


def _signed_in(event: Event) -> str:
    device = event.data.get("device")
    if device:
        return _("Signed in on %(device)s.") % {"device": device}
    return _("Signed in.")


def _kept(_event: Event) -> str:
    return _("Chose to keep the membership.")


def _visited(_event: Event) -> str:
    return _("Visited their own pages.")
