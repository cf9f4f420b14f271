"""The cookies of the portal: an open session, what is under way, and what was typed."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from consent.models import Channel
from portal import rules
from portal.identifiers import Identifier

# The prefix makes browsers refuse the cookie from other hosts and over plain HTTP.
_PREFIX = "__Host-" if settings.SESSION_COOKIE_SECURE else ""
SESSION_COOKIE = f"{_PREFIX}member"
_TYPED_COOKIE = f"{_PREFIX}typed"

# Longer than a code lives, so that a late one is answered with "too old".
_FLOW_LIFE = timedelta(minutes=30)
_TYPED_LIFE = timedelta(minutes=15)
_LONGEST_TYPED = 300


class Flow(StrEnum):
    """What a code is entered for; each is a cookie of its own."""

    SIGN_IN = "sign-in"
    SECOND_PROOF = "second-proof"
    STEP_UP = "step-up"
    OWN_EMAIL = "own-email"
    CONTACT = "contact"

    @property
    def cookie(self) -> str:
        """Return the cookie's name."""
        return f"{_PREFIX}{self.value}"

    @property
    def salt(self) -> str:
        """Return what keeps the signature of one from being good for another."""
        return f"portal.{self.value}"


SIGN_IN_COOKIE = Flow.SIGN_IN.cookie


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is proven just now, in which browser, and where the person was going.

    Kept by the browser itself, signed: nothing is stored for who never enters a code.
    `about` is the id of the session or member that it is about.
    """

    identifier: Identifier
    browser_key: str
    next: str = ""
    about: str = ""


def set_session(response: HttpResponse, key: str) -> None:
    """Let the browser keep an open session."""
    _set(response, SESSION_COOKIE, key, rules.SESSION_LONGEST)


def clear_session(response: HttpResponse) -> None:
    """Let the browser forget its session, and all that was under way in it."""
    for name in (
        SESSION_COOKIE,
        _TYPED_COOKIE,
        Flow.STEP_UP.cookie,
        Flow.OWN_EMAIL.cookie,
        Flow.CONTACT.cookie,
    ):
        _clear(response, name)


def session_key(request: HttpRequest) -> str:
    """Return the key of the browser's session, or nothing."""
    return request.COOKIES.get(SESSION_COOKIE, "")


def begin(response: HttpResponse, flow: Flow, under_way: UnderWay) -> None:
    """Let the browser keep what is under way until the code is entered."""
    value = signing.dumps(
        {
            "channel": under_way.identifier.channel.value,
            "value": under_way.identifier.value,
            "key": under_way.browser_key,
            "next": under_way.next,
            "about": under_way.about,
        },
        salt=flow.salt,
    )
    _set(response, flow.cookie, value, _FLOW_LIFE)


def end(response: HttpResponse, flow: Flow) -> None:
    """Let the browser forget what was under way."""
    _clear(response, flow.cookie)


def find(request: HttpRequest, flow: Flow, *, about: object = "") -> UnderWay | None:
    """Return what this browser began, if it is not too long ago.

    With `about` only what it began for that session.
    """
    try:
        kept = signing.loads(
            request.COOKIES.get(flow.cookie, ""), salt=flow.salt, max_age=_FLOW_LIFE
        )
    except signing.BadSignature:
        return None
    if about and kept["about"] != str(about):
        return None
    return UnderWay(
        identifier=Identifier(Channel(kept["channel"]), kept["value"]),
        browser_key=kept["key"],
        next=kept["next"],
        about=kept["about"],
    )


def keep_typed(response: HttpResponse, path: str, typed: dict[str, str]) -> None:
    """Keep what was typed into a form while the person enters a code."""
    short = {name: value[:_LONGEST_TYPED] for name, value in typed.items()}
    value = signing.dumps({"path": path, "typed": short}, salt=_TYPED_COOKIE)
    _set(response, _TYPED_COOKIE, value, _TYPED_LIFE)


def typed_before(request: HttpRequest) -> dict[str, str]:
    """Return what was typed into the form here before a code was asked for."""
    try:
        kept = signing.loads(
            request.COOKIES.get(_TYPED_COOKIE, ""),
            salt=_TYPED_COOKIE,
            max_age=_TYPED_LIFE,
        )
    except signing.BadSignature:
        return {}
    typed: dict[str, str] = kept["typed"]
    return typed if kept["path"] == request.path else {}


def clear_typed(response: HttpResponse) -> None:
    """Let the browser forget what was typed."""
    _clear(response, _TYPED_COOKIE)


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
