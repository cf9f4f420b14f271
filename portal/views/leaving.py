"""Leaving the club: what is lost, a fresh code, and a last word."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from members.services import StatusForbids
from portal import cookies, services
from portal.guards import after_fresh_code, member_of
from portal.overview import overview_of


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponseBase:
    """Show what leaving means; end the membership when that is confirmed."""
    if request.method == "POST":
        return _leave(request)
    member = member_of(request)
    context = {
        "page": "me",
        "member": member,
        "overview": overview_of(member, now=timezone.now()),
    }
    return render(request, "portal/leave.html", context)


@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """Say that the membership has ended; names nobody, for anybody can open it."""
    return render(request, "portal/left.html")


@after_fresh_code()
def _leave(request: HttpRequest) -> HttpResponse:
    try:
        services.leave_club(member=member_of(request), now=timezone.now())
    except StatusForbids:
        return redirect("portal:sign-in")
    response = redirect("portal:left")
    cookies.clear_session(response)
    return response
