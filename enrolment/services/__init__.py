"""What this room does: begin a registration, send its link, finish it."""

from enrolment.selectors import find_link
from enrolment.services.beginning import Began, begin, find_open, open_registration
from enrolment.services.errors import (
    ChoiceMissing,
    LinkUnusable,
    NotPending,
    TermsNotAccepted,
    TooSoon,
)
from enrolment.services.finishing import finish_member, finish_registration
from enrolment.services.lifecycle import erase_unfinished, remind_unfinished
from enrolment.services.links import (
    Registered,
    join_url,
    new_link,
    register,
    register_at_till,
    remind,
    resend_link,
)
from enrolment.services.systems import (
    BelongsToSeveral,
    Contradicts,
    FromSystem,
    Person,
    register_from_system,
)
from enrolment.services.web import begin_on_the_web
from messaging.services import SmsRefused

__all__ = [
    "Began",
    "BelongsToSeveral",
    "ChoiceMissing",
    "Contradicts",
    "FromSystem",
    "LinkUnusable",
    "NotPending",
    "Person",
    "Registered",
    "SmsRefused",
    "TermsNotAccepted",
    "TooSoon",
    "begin",
    "begin_on_the_web",
    "erase_unfinished",
    "find_link",
    "find_open",
    "finish_member",
    "finish_registration",
    "join_url",
    "new_link",
    "open_registration",
    "register",
    "register_at_till",
    "register_from_system",
    "remind",
    "remind_unfinished",
    "resend_link",
]
