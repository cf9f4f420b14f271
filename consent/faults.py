"""What the API says of permissions that cannot be taken as they were sent."""

from django.utils.translation import gettext_lazy as _

from common.codes import register_fault, register_problem


def register() -> None:
    """Register the codes; called once, when the room is ready."""
    register_problem(
        "objection_stands",
        409,
        _("The member objects to all marketing. Only they can take that back."),
    )
    register_fault("unknown_value", _("Is none of the values that can be sent."))
    register_fault("not_an_id", _("Is no UUID."))
    register_fault("not_a_time", _("Must be a time with its zone, as ISO 8601 has it."))
    register_fault("in_the_future", _("Has not happened yet."))
    register_fault("unknown_text", _("The club has no such published text."))
    register_fault(
        "text_does_not_fit", _("Is the text for another purpose or another channel.")
    )
    register_fault(
        "text_came_later", _("Was not published yet when the member is said to agree.")
    )
    register_fault(
        "does_not_fit_purpose",
        _(
            "Profiling, partners and an objection to marketing are for ANY channel; "
            "the rest names its channel."
        ),
    )
    register_fault(
        "objections_are_to_marketing",
        _("An objection is to MARKETING; send the rest as WITHDRAWN."),
    )
    register_fault("not_needed", _("A receipt belongs to a yes to MARKETING only."))
    register_fault(
        "no_chance_to_refuse",
        _("A customer may be written to only if they could refuse, and did not."),
    )
    register_fault(
        "not_electronic_mail", _("A customer relation allows SMS and e-mail only.")
    )
    register_fault(
        "refused_before", _("The member said no before; only their own yes changes it.")
    )
    register_fault("no_such_receipt", _("The member has no such purchase."))
    register_fault("bought_later", _("Was bought after the time that was sent."))
