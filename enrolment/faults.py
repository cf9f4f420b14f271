"""What can be wrong when another system registers somebody: the stable codes."""

from django.utils.translation import gettext_lazy as _

from common.codes import register_fault, register_problem

_FAULTS = {
    "contact_missing": _("Send mobile or email: a member must be reachable."),
    "country_not_allowed": _("The club sends no SMS to numbers of that country."),
    "not_a_flag": _("Must be true or false."),
    "not_a_date": _("Must be a date such as 2026-11-20."),
    "not_plain_text": _("The text holds characters that cannot be stored."),
    "not_a_birthday": _("Cannot be a birthday."),
    "too_young": _("Members must be older."),
    "unknown_language": _("Is no language of the club."),
    "unknown_store": _("No store of the club has this id."),
    "consents_not_taken": _(
        "A yes is the member's own act: it is asked for behind the link."
    ),
    "differs": _("The member is known with something else here."),
    "belongs_to_a_member": _("Belongs to a member."),
    "belongs_to_another": _("Belongs to another member than what stands above it."),
}


def register() -> None:
    """Write the codes down; called once, when the room is ready."""
    register_problem(
        "member_differs",
        409,
        _(
            "The member is known with other details: `errors` points to the fields "
            "that differ. Nothing was changed."
        ),
    )
    register_problem(
        "members_conflict",
        409,
        _(
            "What was sent belongs to several members: `errors` says which fields. "
            "Nothing was changed; staff can look at both and merge them."
        ),
    )
    for code, words in _FAULTS.items():
        register_fault(code, words)
