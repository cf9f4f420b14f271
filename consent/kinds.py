"""What the timeline says about permissions."""

from django.utils.translation import gettext as _

from consent.models import Channel
from members import events
from members.models import Event

GIVEN = "consent.given"
REFUSED = "consent.refused"
WITHDRAWN = "consent.withdrawn"


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(GIVEN, icon="bell", describe=_given)
    events.register_kind(REFUSED, icon="circle-x", describe=_refused)
    events.register_kind(WITHDRAWN, icon="circle-x", describe=_withdrawn)


def _given(event: Event) -> str:
    if event.data.get("channel") == Channel.SMS:
        return _("Said yes to offers and news by SMS.")
    return _("Said yes to offers and news by e-mail.")


def _refused(event: Event) -> str:
    if event.data.get("channel") == Channel.SMS:
        return _("Said no to offers and news by SMS.")
    return _("Said no to offers and news by e-mail.")


def _withdrawn(event: Event) -> str:
    if event.data.get("channel") == Channel.SMS:
        return _("Stopped offers and news by SMS.")
    return _("Stopped offers and news by e-mail.")
