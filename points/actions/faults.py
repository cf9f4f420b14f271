"""What can be wrong with events of other systems: the stable codes and their words."""

from django.utils.translation import gettext_lazy as _

from common.codes import register_fault, register_problem


def register() -> None:
    """Write the codes down; called once, when the room is ready."""
    register_problem(
        "event_id_reused",
        409,
        _("An event with this name and id was sent before, and it was another one."),
    )
    register_fault(
        "event_name_malformed",
        _("Send a name of small letters, digits and dashes, at most 40 signs."),
    )
    register_fault(
        "event_id_malformed", _("Send an id of 1 to 128 visible ASCII characters.")
    )
    register_fault("time_in_future", _("The event has not happened yet."))
    register_fault("member_or_contact", _("Send exactly one of memberId and contact."))
