"""What the timeline and the audit trail say about goodwill."""

from decimal import Decimal

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from common.money import display
from members import events
from members.models import Event
from points import words
from stores import audit

GIVEN = "points.goodwill"
# In the trail.
GRANTED = "goodwill.granted"
EXPORTED = "goodwill.exported"
REASON_CHANGED = "goodwill.reason_changed"
ALLOWANCE_CHANGED = "goodwill.allowance_changed"


def register() -> None:
    """Register them; called once, when the room is ready."""
    events.register_kind(GIVEN, icon="heart-handshake", describe=_given, tone="c2")
    audit.register_action(GRANTED, gettext_lazy("Gave goodwill"))
    audit.register_action(EXPORTED, gettext_lazy("Exported the goodwill"))
    audit.register_action(
        REASON_CHANGED, gettext_lazy("Changed the reasons for goodwill")
    )
    audit.register_action(
        ALLOWANCE_CHANGED, gettext_lazy("Changed how much goodwill may be given")
    )


def reason_in(names: dict[str, str]) -> str:
    """Return a reason's name in the language that is active."""
    return names.get((get_language() or "en")[:2]) or names.get("en", "")


def _given(event: Event) -> str:
    data = event.data
    money = display(Decimal(data.get("worth", "0")), data.get("currency", ""))
    said = {
        "points": words.points(int(data.get("points", 0))),
        "money": money,
        "reason": reason_in(data.get("reason", {})),
    }
    if data.get("form") == "VOUCHER":
        return _("A voucher of %(money)s from the store. %(reason)s.") % said
    return _("%(points)s from the store, worth %(money)s. %(reason)s.") % said
