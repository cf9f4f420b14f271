"""What the pages say about codes, numbers and limits; and where they lead on."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext

from consent.models import Channel
from members import phones
from portal.identifiers import Identifier
from portal.rules import Verdict


def refusal_words(verdict: Verdict) -> str:
    """Say why a code was not accepted and what helps."""
    return {
        Verdict.WRONG: gettext("That is not the code. Check the digits and try again."),
        Verdict.EXPIRED: gettext("The code is too old. Send a new one."),
        Verdict.USED: gettext("The code has been used. Send a new one."),
        Verdict.REPLACED: gettext(
            "A newer code has been sent. Use the latest, or send a new one."
        ),
        Verdict.TRIED_OUT: gettext("Too many wrong codes. Send a new one."),
        Verdict.UNKNOWN: gettext("The code was asked for elsewhere. Send a new one."),
        Verdict.LOCKED: gettext(
            "Too many wrong codes today. You can try again tomorrow, or ask in a store."
        ),
        Verdict.CLOSED: gettext(
            "Signing in is paused for some minutes. Try again a little later."
        ),
    }[verdict]


def too_often(seconds: int) -> str:
    """Say for how long to wait."""
    minutes = -(-seconds // 60)
    return ngettext(
        "That was too often. Try again in a minute.",
        "That was too often. Try again in %(minutes)s minutes.",
        minutes,
    ) % {"minutes": minutes}


def display_identifier(identifier: Identifier, country: str) -> str:
    """Write back what the person typed, in its usual form."""
    if identifier.channel is Channel.SMS:
        return phones.display(identifier.value, country)
    return identifier.value


def safe_target(request: HttpRequest, target: str) -> str:
    """Return a page of the member's to go on to: the one asked for, or the first."""
    is_ours = url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours and target.startswith("/me/") else reverse("portal:home")
