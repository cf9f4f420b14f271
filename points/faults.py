"""What can be wrong with calls about points: the stable codes and their words."""

from django.utils.translation import gettext_lazy as _

from common.codes import register_fault, register_problem


def register() -> None:
    """Write the codes down; called once, when the room is ready."""
    register_problem("member_not_found", 404, _("The club has no such member."))
    register_fault(
        "exactly_one",
        _("Send exactly one of mobile, email, memberNumber, card and cardToken."),
    )
    register_problem(
        "insufficient_points", 409, _("The member has fewer points than that.")
    )
    register_fault(
        "points_malformed",
        _("Send a whole number of points, not zero and at most a million."),
    )
    register_fault(
        "time_malformed", _("Send a time with its zone, as RFC 3339 has it.")
    )
    register_fault("unknown_entry", _("The member has no such entry."))
    register_problem("no_programme", 404, _("No version of the programme is in force."))
    register_fault("language_unknown", _("Ask for sv, da or en."))
