"""Where a member is signed in, and signing out there."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from common.ui.toasts import toast
from portal import cookies, selectors, services
from portal.guards import member_of, session_of


@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """List the devices on which the member is signed in."""
    found = selectors.list_sessions(member_of(request), now=timezone.now())
    context = {"page": "me", "sessions": found, "this": session_of(request)}
    return render(request, "portal/devices.html", context)


@require_POST
def device_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Sign the member out on one device."""
    now = timezone.now()
    found = (
        selectors.list_sessions(member_of(request), now=now)
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    services.end_session(session=found, now=now)
    if found == session_of(request):
        response = redirect("portal:sign-in")
        cookies.clear_session(response)
        return response
    toast(request, gettext("Signed out on that device."))
    return redirect("portal:devices")


@require_POST
def devices_end(request: HttpRequest) -> HttpResponse:
    """Sign the member out everywhere, here too."""
    services.end_sessions(member=member_of(request), now=timezone.now())
    response = redirect("portal:sign-in")
    cookies.clear_session(response)
    return response
