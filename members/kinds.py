"""What the timeline says about this room's own events."""

from django.utils.translation import gettext as _

from members import events
from members.models import Event, Identifier, Member

REGISTERED = "member.registered"
ACTIVATED = "member.activated"
UPDATED = "member.updated"
LEFT = "member.left"
IDENTIFIER_ADDED = "member.identifier_added"
IDENTIFIER_ENDED = "member.identifier_ended"
CONTACT_CHANGED = "member.contact_changed"
CONTACT_RESTORED = "member.contact_restored"
CARD_REPLACED = "member.card_replaced"
MERGED = "member.merged"
UNMERGED = "member.unmerged"

_SOURCES = dict(Member.Source.choices)
_IDENTIFIERS = dict(Identifier.Kind.choices)
_ENDS = dict(Identifier.End.choices)


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(REGISTERED, icon="user-plus", describe=_registered, tone="c3")
    events.register_kind(ACTIVATED, icon="circle-check", describe=_activated, tone="c1")
    events.register_kind(UPDATED, icon="pencil", describe=_updated)
    events.register_kind(LEFT, icon="logout", describe=_left)
    events.register_kind(IDENTIFIER_ADDED, icon="link", describe=_identifier_added)
    events.register_kind(IDENTIFIER_ENDED, icon="circle-x", describe=_identifier_ended)
    events.register_kind(CONTACT_CHANGED, icon="pencil", describe=_contact_changed)
    events.register_kind(
        CONTACT_RESTORED, icon="circle-check", describe=_contact_restored
    )
    events.register_kind(CARD_REPLACED, icon="id", describe=_card_replaced)
    events.register_kind(MERGED, icon="users", describe=_merged, tone="c3")
    events.register_kind(UNMERGED, icon="users", describe=_unmerged)


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


def _kind_of(event: Event) -> str:
    return str(_IDENTIFIERS.get(event.data.get("identifier", ""), ""))


def _identifier_added(event: Event) -> str:
    return _("Added: %(what)s.") % {"what": _kind_of(event).lower()}


def _identifier_ended(event: Event) -> str:
    why = _ENDS.get(event.data.get("end", ""), "")
    return _("No longer in use: %(what)s (%(why)s).") % {
        "what": _kind_of(event).lower(),
        "why": str(why).lower(),
    }


def _contact_changed(event: Event) -> str:
    if event.data.get("identifier") == Identifier.Kind.PHONE:
        return _("Changed the mobile number.")
    return _("Changed the e-mail address.")


def _contact_restored(event: Event) -> str:
    if event.data.get("identifier") == Identifier.Kind.PHONE:
        return _("Took the change of the mobile number back.")
    return _("Took the change of the e-mail address back.")


def _card_replaced(event: Event) -> str:
    if event.data.get("end") == Identifier.End.LOST:
        return _("The card was lost; a new number was given.")
    return _("Got a card with a new number.")


def _merged(_event: Event) -> str:
    return _("Two memberships were made one.")


def _unmerged(_event: Event) -> str:
    return _("Two memberships that had been made one were parted again.")


def _left(_event: Event) -> str:
    return _("Left the club.")
