"""What has happened, in plain words."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.selectors import list_events
from portal.guards import member_of
from portal.overview import worth_of_a_point


@require_safe
def timeline(request: HttpRequest) -> HttpResponse:
    """Show the member's timeline, a page at a time."""
    member = member_of(request)
    found = list_events(
        member=member,
        before=_before(request.GET.get("before", "")),
        for_member=True,
    )
    if found is None:
        raise Http404
    context = {
        "page": "me",
        "timeline": found,
        "is_later": "before" in request.GET,
        "worth": worth_of_a_point(member, now=timezone.now()),
    }
    return render(request, "portal/timeline.html", context)


def _before(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
