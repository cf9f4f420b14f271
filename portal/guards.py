"""Who stands at the portal, and whether a fresh code shows that it is still them."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from members.models import Member
from portal import cookies, rules, selectors, services
from portal.models import Session
from stores.middleware import to_sign_in

View = Callable[..., HttpResponseBase]


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


def after_fresh_code(*keep: str) -> Callable[[View], View]:
    """Let a member through who entered a code a moment ago; ask others for one.

    They come back here by GET; what they had typed into the fields named is kept.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            now = timezone.now()  # noqa: TID251 - a guard stands in the web layer
            if rules.is_stepped_up(session_of(request).stepped_up_at, now=now):
                return view(request, *args, **kwargs)
            query = urlencode({"next": request.path})
            response = redirect(f"{reverse('portal:step-up')}?{query}")
            if request.method == "POST" and keep:
                typed = {name: request.POST.get(name, "") for name in keep}
                cookies.keep_typed(response, request.path, typed)
            return response

        return guarded

    return guard


def member_of(request: HttpRequest) -> Member:
    """Return the member that the guard let through."""
    found: Member = request.member  # type: ignore[attr-defined]
    return found


def session_of(request: HttpRequest) -> Session:
    """Return the session by which the member came."""
    found: Session = request.member_session  # type: ignore[attr-defined]
    return found
