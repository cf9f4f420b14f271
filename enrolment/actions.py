"""What this room writes into the audit trail."""

from django.utils.translation import gettext_lazy as _

from stores import audit

REGISTERED = "enrolment.registered"


def register() -> None:
    """Give each action its words; called once, when the room is ready."""
    audit.register_action(REGISTERED, _("Registered a member from another system"))
