"""What the gate's codes mean, in words that stand up before an authority."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Answer:
    """A code in words: in short, in full, and as a colour of the kit."""

    title: Text
    text: Text
    tone: str


_ANSWERS = {
    "code": Answer(
        _("No permission needed: a one-time code"),
        _(
            "The receiver asked for this code or link themselves. It belongs to what "
            "they were doing (GDPR art. 6(1)(b)) and advertises nothing."
        ),
        "info",
    ),
    "service": Answer(
        _("No permission needed: a service message"),
        _(
            "It tells a member something about their own membership, which the "
            "contract asks of us (GDPR art. 6(1)(b)). It advertises nothing, so the "
            "rules for marketing do not apply."
        ),
        "info",
    ),
    "consent_given": Answer(
        _("The member's consent"),
        _("The member had said yes to this kind of message on this channel."),
        "good",
    ),
    "soft_opt_in": Answer(
        _("A customer relation"),
        _(
            "The member had bought, and could refuse when the address was given: news "
            "of our own similar goods is allowed (ePrivacy art. 13(2))."
        ),
        "good",
    ),
    "erased": Answer(
        _("The member is erased"), _("There is nobody to write to any more."), "bad"
    ),
    "suppressed": Answer(
        _("On the block list"),
        _("The address is on the list of those who are not written to."),
        "bad",
    ),
    "not_active": Answer(
        _("Not an active member"),
        _("Only active members get marketing and surveys."),
        "bad",
    ),
    "no_address": Answer(
        _("No address"), _("The member has no address for this channel."), "bad"
    ),
    "restricted": Answer(
        _("Use of the data is restricted"),
        _("While a dispute is open, the data is only kept (GDPR art. 18)."),
        "bad",
    ),
    "too_young": Answer(
        _("Too young"), _("The member has not reached the age that is set."), "bad"
    ),
    "never_asked": Answer(
        _("Never asked"), _("The member has said neither yes nor no."), "bad"
    ),
    "refused": Answer(_("Said no"), _("The member was asked and said no."), "bad"),
    "withdrawn": Answer(
        _("Taken back"), _("The member had taken the yes back."), "bad"
    ),
    "objected": Answer(
        _("Objected"),
        _("The member had objected to direct marketing, which is absolute (art. 21)."),
        "bad",
    ),
    "expired": Answer(
        _("Permission run out"), _("The yes was too old to build on."), "bad"
    ),
    "topic_unwanted": Answer(
        _("A subject not wanted"),
        _("The message was about something that the member does not want."),
        "bad",
    ),
    "snoozed": Answer(
        _("Asked for silence"), _("The member wished to be left alone then."), "warn"
    ),
    "quiet_hours": Answer(
        _("Quiet hours"), _("Nothing but service goes out at that hour."), "warn"
    ),
    "survey_budget": Answer(
        _("Enough surveys this year"), _("The year's surveys were used up."), "warn"
    ),
    "own_budget": Answer(
        _("The member's own limit"),
        _("The member had wished for no more messages that week."),
        "warn",
    ),
    "week_budget": Answer(
        _("The club's weekly limit"), _("The week's messages were used up."), "warn"
    ),
    "month_budget": Answer(
        _("The club's monthly limit"), _("The month's messages were used up."), "warn"
    ),
    "gap": Answer(
        _("Too soon after another"),
        _("The time between two messages had not passed."),
        "warn",
    ),
    # What stops a message beside the gate.
    "not_their_address": Answer(
        _("Not the member's address"),
        _("The number or address was not, or no longer, the member's own."),
        "bad",
    ),
    "not_mobile": Answer(
        _("Not a mobile number"), _("SMS go to mobile numbers only."), "bad"
    ),
    "country_not_allowed": Answer(
        _("A country we do not write to"),
        _("The number is of a country that SMS are not sent to."),
        "bad",
    ),
}
_ANSWERS["over"] = Answer(
    _("Came too late"), _("It could not be sent while it was still worth it."), "warn"
)


def answer_for(code: str) -> Answer:
    """Return a code in words; one that nobody has named stands for itself."""
    return _ANSWERS.get(code) or Answer(code, "", "warn")


def stop_of(error: str) -> Answer:
    """Return in words why a message was stopped, from what its row says.

    There `expired` means that the message came too late, not that the yes was old.
    """
    return _ANSWERS["over"] if error == "expired" else answer_for(error)


def codes() -> list[tuple[str, Text]]:
    """Return every code that can stop a message, with its words."""
    open_codes = {"code", "service", "consent_given", "soft_opt_in", "over"}
    return [(code, stop_of(code).title) for code in _ANSWERS if code not in open_codes]
