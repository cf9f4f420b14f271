"""The two cookies of the portal: an open session, and a sign-in under way."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from consent.models import Channel
from portal import rules
from portal.identifiers import Identifier

# The prefix makes browsers refuse the cookie from other hosts and over plain HTTP.
_PREFIX = "__Host-" if settings.SESSION_COOKIE_SECURE else ""
SESSION_COOKIE = f"{_PREFIX}member"
SIGN_IN_COOKIE = f"{_PREFIX}sign-in"

# Longer than a code lives, so that a late one is answered with "too old".
_SIGN_IN_LIFE = timedelta(minutes=30)
_SALT = "portal.sign-in"


@dataclass(frozen=True, slots=True)
class SignInUnderWay:
    """Who is signing in, in which browser, and where they were going.

    Kept by the browser itself, signed: nothing is stored for who never enters a code.
    """

    identifier: Identifier
    browser_key: str
    next: str


def set_session(response: HttpResponse, key: str) -> None:
    """Let the browser keep an open session."""
    _set(response, SESSION_COOKIE, key, rules.SESSION_LONGEST)


def clear_session(response: HttpResponse) -> None:
    """Let the browser forget its session."""
    _clear(response, SESSION_COOKIE)


def session_key(request: HttpRequest) -> str:
    """Return the key of the browser's session, or nothing."""
    return request.COOKIES.get(SESSION_COOKIE, "")


def set_sign_in(response: HttpResponse, under_way: SignInUnderWay) -> None:
    """Let the browser keep a sign-in until the code is entered."""
    value = signing.dumps(
        {
            "channel": under_way.identifier.channel.value,
            "value": under_way.identifier.value,
            "key": under_way.browser_key,
            "next": under_way.next,
        },
        salt=_SALT,
    )
    _set(response, SIGN_IN_COOKIE, value, _SIGN_IN_LIFE)


def clear_sign_in(response: HttpResponse) -> None:
    """Let the browser forget a sign-in."""
    _clear(response, SIGN_IN_COOKIE)


def sign_in_under_way(request: HttpRequest) -> SignInUnderWay | None:
    """Return the sign-in that this browser began, if it is not too long ago."""
    try:
        kept = signing.loads(
            request.COOKIES.get(SIGN_IN_COOKIE, ""), salt=_SALT, max_age=_SIGN_IN_LIFE
        )
    except signing.BadSignature:
        return None
    return SignInUnderWay(
        identifier=Identifier(Channel(kept["channel"]), kept["value"]),
        browser_key=kept["key"],
        next=kept["next"],
    )


def _set(response: HttpResponse, name: str, value: str, life: timedelta) -> None:
    response.set_cookie(
        name,
        value,
        max_age=life,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _clear(response: HttpResponse, name: str) -> None:
    response.set_cookie(
        name,
        "",
        max_age=0,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
