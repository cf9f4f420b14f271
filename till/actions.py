"""What the audit trail says about the till."""

from django.utils.translation import gettext_lazy as _

from consent.desk import looks
from consent.retention import activity
from stores import audit

SIGNED_IN = "till.signed_in"
SIGNED_OUT = "till.signed_out"
PIN_REFUSED = "till.pin_refused"
LOOKED_UP = "till.looked_up"
REGISTERED = "till.registered"
LINK_RESENT = "till.link_resent"
SEARCHED_NAME = "till.searched_name"
PROOF_ASKED = "till.proof_asked"


def register() -> None:
    """Give the actions their words; called once, when the room is ready."""
    audit.register_action(SIGNED_IN, _("Signed in at the till"))
    audit.register_action(SIGNED_OUT, _("Signed out at the till"))
    audit.register_action(PIN_REFUSED, _("Entered a wrong PIN"))
    audit.register_action(LOOKED_UP, _("Looked up a member"))
    looks.register(LOOKED_UP, expects_sequel=True)
    audit.register_action(REGISTERED, _("Registered a member"))
    audit.register_action(LINK_RESENT, _("Sent a join link again"))
    audit.register_action(SEARCHED_NAME, _("Searched members by name"))
    audit.register_action(PROOF_ASKED, _("Asked for proof of a number"))
    # A number can be typed by anybody; a card or its number is brought by its owner.
    activity.register(
        "till",
        title=_("Cards shown at the till"),
        newest=(
            "(SELECT max(a.at) FROM stores_auditentry a"
            " WHERE a.member_id = m.public_id AND a.action = 'till.looked_up'"
            " AND a.data->>'by' IN ('card', 'number'))"
        ),
        order=40,
    )
