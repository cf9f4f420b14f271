"""What the timeline and the audit trail say about requests."""

from collections.abc import Callable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models import RightsRequest, RightsStep
from consent.record.kinds import RECORD_FETCHED
from members import events
from members.models import Event
from stores import audit

ASKED = "rights.asked"
DONE = "rights.done"
REFUSED = "rights.refused"
CANCELLED = "rights.cancelled"

CODE_SENT = "rights.code_sent"
CODE_WRONG = "rights.code_wrong"
TEMPLATE_CHANGED = "rights.template_changed"

_Step = RightsStep.Kind
_Kind = RightsRequest.Kind
Words = str | Promise

ACTIONS: dict[RightsStep.Kind, str] = {
    kind: f"rights.{kind.value.lower()}" for kind in _Step
}

_ACTION_WORDS: dict[RightsStep.Kind, Words] = {
    _Step.RECEIVED: _("Took a request about a member's data"),
    _Step.PROVEN: _("Noted who asks about a member's data"),
    _Step.EXTENDED: _("Extended a request about a member's data"),
    _Step.NOTE: _("Wrote in the log of a request"),
    _Step.ANSWERED: _("Answered a request about a member's data"),
    _Step.DOWNLOADED: _("Fetched a copy of a member's data"),
    _Step.DONE: _("Carried out a request about a member's data"),
    _Step.REFUSED: _("Refused a request about a member's data"),
    _Step.CANCELLED: _("Cancelled a request about a member's data"),
}

# Whole sentences, since languages join their parts differently.
_ASKED: dict[str, Words] = {
    _Kind.ACCESS: _("Asked for a copy of the data."),
    _Kind.PORTABILITY: _("Asked for the data to take along."),
    _Kind.RECTIFICATION: _("Asked for a correction."),
    _Kind.OBJECTION: _("Objected to how the data is used."),
    _Kind.RESTRICTION: _("Asked that the data be used less for now."),
    _Kind.ERASURE: _("Asked that the data be erased."),
}
_DONE: dict[str, Words] = {
    _Kind.ACCESS: _("Got a copy of the data."),
    _Kind.PORTABILITY: _("Got the data to take along."),
    _Kind.RECTIFICATION: _("Got the correction that was asked for."),
    _Kind.OBJECTION: _("The objection was carried out."),
    _Kind.RESTRICTION: _("The data is used less for now, as was asked."),
    _Kind.ERASURE: _("The data was erased, as was asked."),
}
_REFUSED: dict[str, Words] = {
    _Kind.ACCESS: _("The request for a copy of the data was refused."),
    _Kind.PORTABILITY: _("The request for the data to take along was refused."),
    _Kind.RECTIFICATION: _("The request for a correction was refused."),
    _Kind.OBJECTION: _("The objection was refused."),
    _Kind.RESTRICTION: _("The request to use the data less was refused."),
    _Kind.ERASURE: _("The request to erase the data was refused."),
}
_CANCELLED: dict[str, Words] = {
    _Kind.ACCESS: _("Took back the request for a copy of the data."),
    _Kind.PORTABILITY: _("Took back the request for the data to take along."),
    _Kind.RECTIFICATION: _("Took back the request for a correction."),
    _Kind.OBJECTION: _("Took back the objection."),
    _Kind.RESTRICTION: _("Took back the request to use the data less."),
    _Kind.ERASURE: _("Took back the request to erase the data."),
}


def register() -> None:
    """Register events and actions; called once, when the room is ready."""
    for kind, icon, words in (
        (ASKED, "shield-check", _ASKED),
        (DONE, "circle-check", _DONE),
        (REFUSED, "circle-x", _REFUSED),
        (CANCELLED, "arrow-back-up", _CANCELLED),
    ):
        events.register_kind(kind, icon=icon, describe=_said(words))
    for step, action_words in _ACTION_WORDS.items():
        audit.register_action(ACTIONS[step], action_words)
    audit.register_action(CODE_SENT, _("Sent a code to see who asks about their data"))
    audit.register_action(CODE_WRONG, _("Entered a wrong code of who asks"))
    audit.register_action(TEMPLATE_CHANGED, _("Changed a template for answers"))
    audit.register_action(RECORD_FETCHED, _("Fetched the record of processing"))


def _said(words: Mapping[str, Words]) -> Callable[[Event], str]:
    def describe(event: Event) -> str:
        return str(words.get(event.data.get("kind", ""), words[_Kind.ACCESS]))

    return describe
