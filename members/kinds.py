"""What the timeline says about this room's own events."""

from django.utils.translation import gettext as _

from members import events
from members.models import Event, Member

REGISTERED = "member.registered"
ACTIVATED = "member.activated"
UPDATED = "member.updated"
LEFT = "member.left"

_SOURCES = dict(Member.Source.choices)


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(REGISTERED, icon="user-plus", describe=_registered, tone="c3")
    events.register_kind(ACTIVATED, icon="circle-check", describe=_activated, tone="c1")
    events.register_kind(UPDATED, icon="pencil", describe=_updated)
    events.register_kind(LEFT, icon="logout", describe=_left)


def _registered(event: Event) -> str:
    store = event.data.get("store_name")
    if store:
        return _("Registered in %(store)s.") % {"store": store}
    source = _SOURCES.get(event.data.get("source", ""))
    return (
        _("Registered (%(source)s).") % {"source": source}
        if source
        else _("Registered.")
    )


def _activated(event: Event) -> str:
    if event.data.get("again"):
        return _("Came back as a member.")
    return _("Became a member.")


def _updated(event: Event) -> str:
    labels = {
        field.name: str(field.verbose_name) for field in Member._meta.concrete_fields
    }
    names = [labels[name] for name in event.data.get("fields", []) if name in labels]
    return _("Details changed: %(fields)s.") % {"fields": ", ".join(names)}


def _left(_event: Event) -> str:
    return _("Left the club.")
