"""How long a sign-in lasts: twelve hours, whatever happens meanwhile."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

LONGEST = timedelta(hours=12)

_KEY = "signed_in_at"


def begin(request: HttpRequest, *, now: datetime) -> None:
    """Note when the person signed in; Django gives the session a new key then."""
    request.session[_KEY] = now.isoformat()


def age(request: HttpRequest, *, now: datetime) -> timedelta | None:
    """Return how long ago the person signed in, or None when that is not known."""
    began = parse_datetime(request.session.get(_KEY, ""))
    return None if began is None else now - began


def is_over(request: HttpRequest, *, now: datetime) -> bool:
    """Tell whether the sign-in is too old; one without a beginning is."""
    lasted = age(request, now=now)
    return lasted is None or lasted >= LONGEST
