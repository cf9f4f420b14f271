"""What can be wrong with a look-up: the stable codes and their words."""

from django.utils.translation import gettext_lazy as _

from common.codes import register_fault, register_problem


def register() -> None:
    """Write the codes down; called once, when the room is ready."""
    register_problem("member_not_found", 404, _("The club has no such member."))
    register_fault(
        "exactly_one",
        _("Send exactly one of mobile, email, memberNumber, card and cardToken."),
    )
