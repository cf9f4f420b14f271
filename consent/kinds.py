"""What the timeline says about permissions."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from consent.models import Channel, Purpose
from members import events
from members.models import Event

Words = str | Promise

GIVEN = "consent.given"
REFUSED = "consent.refused"
WITHDRAWN = "consent.withdrawn"
CONFIRMED = "consent.confirmed"
OBJECTED = "consent.objected"
EXPIRED = "consent.expired"
IMPORTED = "consent.imported"
LIFTED = "consent.lifted"
SOFT_OPT_IN = "consent.soft_opt_in"
TOPIC_WISHED = "consent.topic_wished"
LIMIT_WISHED = "consent.limit_wished"
SNOOZED = "consent.snoozed"
RESTRICTED = "consent.restricted"
# An act in the audit trail, of no member.
POLICY_CHANGED = "consent.policy_changed"
# In the audit trail: another system reported an act of the member's.
RECORDED = "consent.recorded"


def register() -> None:
    """Register the kinds; called once, when the room is ready."""
    events.register_kind(GIVEN, icon="bell", describe=_said(_YES))
    events.register_kind(REFUSED, icon="circle-x", describe=_said(_NO))
    events.register_kind(WITHDRAWN, icon="circle-x", describe=_said(_STOPPED))
    events.register_kind(CONFIRMED, icon="circle-check", describe=_said(_CONFIRMED))
    events.register_kind(OBJECTED, icon="circle-x", describe=_said(_OBJECTED))
    events.register_kind(EXPIRED, icon="hourglass", describe=_said(_EXPIRED))
    events.register_kind(IMPORTED, icon="bell", describe=_said(_IMPORTED))
    events.register_kind(LIFTED, icon="bell", describe=_said(_LIFTED))
    events.register_kind(SOFT_OPT_IN, icon="bell", describe=_said(_SOFT))
    events.register_kind(TOPIC_WISHED, icon="pencil", describe=_topic)
    events.register_kind(LIMIT_WISHED, icon="adjustments-horizontal", describe=_limit)
    events.register_kind(SNOOZED, icon="bell", describe=_snoozed)
    events.register_kind(RESTRICTED, icon="shield-check", describe=_restricted)


# By channel: whole sentences, since languages join their parts differently.
_YES = {
    Channel.SMS: _("Said yes to offers and news by SMS."),
    Channel.EMAIL: _("Said yes to offers and news by e-mail."),
}
_NO = {
    Channel.SMS: _("Said no to offers and news by SMS."),
    Channel.EMAIL: _("Said no to offers and news by e-mail."),
}
_STOPPED = {
    Channel.SMS: _("Stopped offers and news by SMS."),
    Channel.EMAIL: _("Stopped offers and news by e-mail."),
}
_CONFIRMED = {
    Channel.SMS: _("Confirmed offers and news by SMS."),
    Channel.EMAIL: _("Confirmed offers and news by e-mail."),
}
_OBJECTED = {
    Channel.SMS: _("Objected to direct marketing by SMS."),
    Channel.EMAIL: _("Objected to direct marketing by e-mail."),
    Channel.ANY: _("Objected to all direct marketing."),
}
_EXPIRED = {
    Channel.SMS: _("The yes to offers and news by SMS became too old."),
    Channel.EMAIL: _("The yes to offers and news by e-mail became too old."),
}
_IMPORTED = {
    Channel.SMS: _("A yes to offers and news by SMS was taken over."),
    Channel.EMAIL: _("A yes to offers and news by e-mail was taken over."),
}
_LIFTED = {
    Channel.ANY: _("Took the objection to all direct marketing back."),
}
_SOFT = {
    Channel.SMS: _("May get offers by SMS as a customer; did not say no to it."),
    Channel.EMAIL: _("May get offers by e-mail as a customer; did not say no to it."),
}
# What is said once, for every way.
_PROFILING = {
    GIVEN: _("Said yes to offers chosen from the purchases."),
    REFUSED: _("Said no to offers chosen from the purchases."),
    WITHDRAWN: _("Stopped offers chosen from the purchases."),
    CONFIRMED: _("Confirmed offers chosen from the purchases."),
    OBJECTED: _("Objected to profiling for marketing; what it had led to was deleted."),
    EXPIRED: _("The yes to offers chosen from the purchases became too old."),
    IMPORTED: _("A yes to offers chosen from the purchases was taken over."),
    LIFTED: _("Took the objection to profiling for marketing back."),
}
_PARTNERS = {
    GIVEN: _("Said yes to sharing with partners."),
    REFUSED: _("Said no to sharing with partners."),
    WITHDRAWN: _("Stopped sharing with partners."),
    CONFIRMED: _("Confirmed sharing with partners."),
    OBJECTED: _("Objected to sharing with partners."),
    EXPIRED: _("The yes to sharing with partners became too old."),
    IMPORTED: _("A yes to sharing with partners was taken over."),
    LIFTED: _("Took the objection to sharing with partners back."),
}
_ONCE = {Purpose.PROFILING: _PROFILING, Purpose.PARTNERS: _PARTNERS}
# Of other purposes: what was done, and to what.
_OTHER = {
    GIVEN: _("Said yes: %(what)s (%(channel)s)."),
    REFUSED: _("Said no: %(what)s (%(channel)s)."),
    WITHDRAWN: _("Stopped: %(what)s (%(channel)s)."),
    CONFIRMED: _("Confirmed: %(what)s (%(channel)s)."),
    OBJECTED: _("Objected: %(what)s (%(channel)s)."),
    EXPIRED: _("Became too old: %(what)s (%(channel)s)."),
    IMPORTED: _("Taken over: %(what)s (%(channel)s)."),
    LIFTED: _("Objection taken back: %(what)s (%(channel)s)."),
    SOFT_OPT_IN: _("Allowed as a customer: %(what)s (%(channel)s)."),
}
_PURPOSES = dict(Purpose.choices)
_CHANNELS = dict(Channel.choices)


def _said(words: Mapping[Channel, Words]) -> Callable[[Event], str]:
    def describe(event: Event) -> str:
        purpose = event.data.get("purpose", Purpose.MARKETING)
        channel = event.data.get("channel", Channel.EMAIL)
        if purpose == Purpose.MARKETING and channel in words:
            return str(words[Channel(channel)])
        if purpose in _ONCE and event.kind in _ONCE[Purpose(purpose)]:
            return str(_ONCE[Purpose(purpose)][event.kind])
        return str(_OTHER[event.kind]) % {
            "what": str(_PURPOSES.get(purpose, purpose)).lower(),
            "channel": _CHANNELS.get(channel, channel),
        }

    return describe


def _topic(_event: Event) -> str:
    # Not which: a diet or allergy tells something of health.
    return gettext("Said what messages may be about.")


def _limit(event: Event) -> str:
    per_week = event.data.get("per_week")
    if per_week is None:
        return gettext("Left it to the club how often we write.")
    if not per_week:
        return gettext("Wished for no offers and surveys.")
    return ngettext(
        "Wished for at most %(number)s message a week.",
        "Wished for at most %(number)s messages a week.",
        per_week,
    ) % {"number": per_week}


def _snoozed(event: Event) -> str:
    until = event.data.get("snoozed_until")
    if until is None:
        return gettext("Wants to hear from us again.")
    return gettext("Wants to be left alone until %(day)s.") % {
        "day": date_format(datetime.fromisoformat(until), "DATE_FORMAT")
    }


def _restricted(event: Event) -> str:
    if event.data.get("restricted_at") is None:
        return gettext("What is done with the data is no longer restricted.")
    return gettext("What is done with the data is restricted for now.")
