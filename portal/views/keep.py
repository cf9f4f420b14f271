"""Keeping a membership after a long silence, by the link in the message.

Mail programs and scanners open links: only the button keeps it.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET, require_http_methods

from portal import keeping


@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the member wants to stay, and note that they do."""
    found = keeping.read_token(token)
    if found is None:
        return _private(render(request, "portal/keep_unknown.html", status=404))
    member, event_id = found
    now = timezone.now()
    if request.method == "POST":
        keeping.keep_membership(member=member, event_id=event_id, now=now)
        return redirect("portal:kept")
    # In whose club and colours the page stands.
    request._programme = member.programme  # type: ignore[attr-defined]
    with translation.override(member.language):
        context = {
            "token": token,
            "club": member.programme.name,
            "lost": keeping.what_is_lost(member, now),
        }
        response = render(request, "portal/keep.html", context)
    return _private(response)


@require_GET
def kept(request: HttpRequest) -> HttpResponse:
    """Say that the membership goes on."""
    return _private(render(request, "portal/kept.html"))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    # The address of the page is the key to it, so it is told to nobody but us.
    response["Referrer-Policy"] = "same-origin"
    return response
