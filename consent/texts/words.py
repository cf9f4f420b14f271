"""What the editor says about a text: names, and what is wrong in whole sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.models import Channel, Edition, Purpose
from consent.texts.rules import Code, Fault

_CHANNELS = dict(Channel.choices)
_PURPOSES = dict(Purpose.choices)
_LANGUAGES = dict(settings.LANGUAGES)
# Whole, since languages write a channel differently inside a sentence.
_BY: dict[Channel, str | Promise] = {
    Channel.SMS: _("%(purpose)s by SMS"),
    Channel.EMAIL: _("%(purpose)s by e-mail"),
    Channel.POST: _("%(purpose)s by post"),
    Channel.PHONE: _("%(purpose)s by phone"),
    Channel.PUSH: _("%(purpose)s by push notice"),
}

_SAID: dict[Code, str | Promise] = {
    Code.EMPTY_TITLE: _("There is no title."),
    Code.EMPTY_BODY: _("There is no text."),
    Code.SAME_WORDS: _(
        "The text is word for word the same as in %(about)s. Translate it."
    ),
    Code.MARKUP: _("Members would see “%(quote)s” as it stands. Take the code away."),
    Code.PLACEHOLDER: _("“%(quote)s” is still to be filled in."),
    Code.TICKED: _(
        "“%(quote)s”: nothing may be ticked beforehand. A yes is what the member does "
        "themself; take the box away."
    ),
    Code.SILENCE: _(
        "“%(quote)s”: silence is not a yes. Ask for a yes, and do nothing until it "
        "comes."
    ),
    Code.BUNDLED: _(
        "“%(quote)s”: a yes must not be the price of being a member, of points or of "
        "a purchase. Take the condition away."
    ),
    Code.TERMS_IN_CONSENT: _(
        "“%(quote)s”: the terms are accepted on their own. Take them out of this text."
    ),
    Code.OTHER_PURPOSE: _(
        "“%(quote)s” is about something else: %(about)s. That is asked about in a "
        "text of its own, so that members can say yes to one and no to the other."
    ),
    Code.OTHER_CHANNEL: _(
        "“%(quote)s” is about another way to reach members: %(about)s. It has a text "
        "of its own."
    ),
    Code.CHANNEL_MISSING: _("The text does not say by which way: %(about)s."),
    Code.COMPANY_MISSING: _(
        "The text does not name the company, %(about)s. Members must know to whom "
        "they say yes."
    ),
    Code.WITHDRAWAL_MISSING: _(
        "The text does not say that the yes can be taken back at any time."
    ),
    Code.WAY_BACK_MISSING: _(
        "“%(quote)s” does not say how: name My pages, the link in every message, or "
        "the store."
    ),
    Code.CONSENT_IN_TERMS: _(
        "“%(quote)s”: nobody says yes to marketing, profiling, surveys or partners by "
        "becoming a member. Ask for it in a text of its own."
    ),
    Code.UNCHANGED: _("Nothing is changed from the edition in force."),
    Code.NEWS_MISSING: _("Say in plain words what is new: members are asked again."),
    Code.NOTICE_MISSING: _(
        "Say from when the new terms hold: members need 30 days, so %(about)s at the "
        "earliest."
    ),
    Code.NOTICE_SHORT: _(
        "Members need 30 days before changed terms hold: %(about)s at the earliest."
    ),
    Code.ANSWER_MISSING: _(
        "Say by when members should answer: %(about)s at the earliest."
    ),
    Code.ANSWER_SHORT: _(
        "Give members at least 14 days to answer: until %(about)s at the earliest."
    ),
}
_DAYS = {
    Code.NOTICE_MISSING,
    Code.NOTICE_SHORT,
    Code.ANSWER_MISSING,
    Code.ANSWER_SHORT,
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, in words, and in which language of the text."""

    language: str
    language_name: str
    text: str


def complaints_of(faults: Iterable[Fault]) -> list[Complaint]:
    """Say what is wrong."""
    return [
        Complaint(
            fault.language,
            language_name(fault.language) if fault.language else "",
            str(_SAID[fault.code])
            % {"quote": fault.quote, "about": _about(fault.code, fault.about)},
        )
        for fault in faults
    ]


def language_name(language: str) -> str:
    """Return what a language is called, in the reader's own."""
    return gettext(str(_LANGUAGES.get(language, language)))


def name_of(kind: str, purpose: str, channel: str) -> str:
    """Return what a text is called at the desk."""
    if kind == Edition.Kind.TERMS:
        return gettext("Membership terms")
    about = str(_PURPOSES.get(purpose, purpose))
    if channel == Channel.ANY:
        return about
    return str(_BY[Channel(channel)]) % {"purpose": about}


def _about(code: Code, about: str) -> str:
    if code in _DAYS:
        return date_format(date.fromisoformat(about), "DATE_FORMAT")
    if code is Code.OTHER_PURPOSE:
        return str(_PURPOSES.get(about, about))
    if code in {Code.OTHER_CHANNEL, Code.CHANNEL_MISSING}:
        return str(_CHANNELS.get(about, about))
    if code is Code.SAME_WORDS:
        return language_name(about)
    return about
