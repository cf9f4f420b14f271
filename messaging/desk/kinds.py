"""What people call the kinds of messages."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messaging import templates

# Also of rooms above, whose texts stand in this room's folder of templates.
_LABELS: dict[str, str | Promise] = {
    "already_member": _("Is a member already"),
    "card_replaced": _("New membership number"),
    "consent_renewal": _("Question about a changed text"),
    "contact_code": _("Code for a new number or address"),
    "contact_restored": _("Old number or address restored"),
    "desk_code": _("Code that proves who asks"),
    "email_changed": _("Address was changed"),
    "email_in_use": _("Address is in use"),
    "erasure_begun": _("Erasure has begun"),
    "erasure_done": _("Data was erased"),
    "erasure_taken_back": _("Erasure was taken back"),
    "inactive_notice": _("Notice to a silent member"),
    "join_link": _("Join link"),
    "join_reminder": _("Reminder of the join link"),
    "login_code": _("Sign-in code"),
    "membership_ended": _("Membership ended"),
    "number_check": _("Check of a number"),
    "number_passed_on": _("Number is another's now"),
    "permission_question": _("Question about permissions"),
    "phone_changed": _("Number was changed"),
    "rights_answer": _("Answer to a request"),
    "step_up_code": _("Code for a change"),
    "terms_changed": _("Changed terms"),
    "welcome": _("Welcome"),
}
_CONVERSATION = "conversation_"


def name_kind(kind: str, label: str | Promise) -> None:
    """Give a kind of message its words; call it in `AppConfig.ready()`."""
    _LABELS[kind] = label


def label_of(kind: str) -> str:
    """Return a kind of message in words."""
    if kind in _LABELS:
        return str(_LABELS[kind])
    if kind.startswith(_CONVERSATION):
        return str(_("Answer in an SMS conversation"))
    return kind.replace("_", " ").capitalize()


def choices() -> list[tuple[str, str]]:
    """Return every kind that messages can have, by its words."""
    labelled = [
        (kind, label_of(kind))
        for kind in templates.kinds()
        if not kind.startswith(_CONVERSATION)
    ]
    return sorted(labelled, key=lambda pair: pair[1].casefold())
