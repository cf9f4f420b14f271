"""Who stands at the portal."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from members.models import Member
from portal import cookies, selectors, services
from portal.models import Session
from stores.middleware import to_sign_in


def member(request: HttpRequest) -> HttpResponse | None:
    """Let a signed-in member through; the views find them by `member_of`."""
    now = timezone.now()  # noqa: TID251 - a guard stands in the web layer
    session = selectors.find_session(cookies.session_key(request), now=now)
    if session is None:
        return to_sign_in(request, reverse("portal:sign-in"))
    services.note_session(session=session, now=now)
    request.member = session.member  # type: ignore[attr-defined]
    request.member_session = session  # type: ignore[attr-defined]
    request._programme = session.member.programme  # type: ignore[attr-defined]
    return None


def member_of(request: HttpRequest) -> Member:
    """Return the member that the guard let through."""
    found: Member = request.member  # type: ignore[attr-defined]
    return found


def session_of(request: HttpRequest) -> Session:
    """Return the session by which the member came."""
    found: Session = request.member_session  # type: ignore[attr-defined]
    return found
