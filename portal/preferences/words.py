"""Say what a member said about a permission: when, and how it came to us."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.models import ConsentEntry, Purpose

_Action = ConsentEntry.Action
_Source = ConsentEntry.Source

_SAID: dict[str, str | Promise] = {
    _Action.GIVEN: _("You said yes on %(day)s."),
    _Action.CONFIRMED: _("You said yes, and confirmed it on %(day)s."),
    _Action.IMPORTED: _("You said yes on %(day)s."),
    _Action.REFUSED: _("You said no on %(day)s."),
    _Action.WITHDRAWN: _("You took your yes back on %(day)s."),
    _Action.OBJECTED: _("You objected on %(day)s."),
    _Action.EXPIRED: _("Your yes grew too old on %(day)s and no longer holds."),
    _Action.LIFTED: _("Since %(day)s you can say yes again."),
}
# A way of its own, not a continuation of the sentence before.
_HOW: dict[str, str | Promise] = {
    _Source.JOIN_LINK: _("When you joined, by the link we sent you"),
    _Source.PORTAL: _("On My pages"),
    _Source.STAFF: _("Through our staff, as you asked"),
    _Source.SMS_REPLY: _("By an SMS from your number"),
    _Source.IMPORT: _("In our former customer club"),
    _Source.MERGE: _("When two memberships of yours became one"),
    _Source.LINK: _("By the link in a message"),
    _Source.TILL: _("In the store"),
    _Source.API: _("In another system of ours, such as the web shop"),
    _Source.RULE: _("By a rule of the club"),
    _Source.DEMO: _("Made up for the demonstration"),
}


def said(entry: ConsentEntry | None, purpose: str) -> str:
    """Say what the latest word was and when; that there is none, too."""
    if entry is None and purpose in {Purpose.PROFILING, Purpose.PARTNERS}:
        return gettext("You have not said yes, so we do not do it.")
    if entry is None:
        return gettext("We have not asked you yet, so we send nothing.")
    day = date_format(timezone.localtime(entry.at), "DATE_FORMAT")
    if entry.action == _Action.GIVEN and entry.basis == ConsentEntry.Basis.SOFT_OPT_IN:
        return gettext(
            "You bought from us on %(day)s and did not say no, so we may write about "
            "goods like those."
        ) % {"day": day}
    return str(_SAID[entry.action]) % {"day": day}


def how(entry: ConsentEntry | None) -> str:
    """Say by which way it came to us; nothing when there is no word."""
    return str(_HOW[entry.source]) if entry is not None else ""
