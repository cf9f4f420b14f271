"""How points work, on one page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from points.programme.leaflet import leaflet_of
from portal.guards import member_of


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    """Explain the programme in force."""
    leaflet = leaflet_of(member_of(request).programme, now=timezone.now())
    context = {"page": "me", "leaflet": leaflet}
    return render(request, "portal/how_it_works.html", context)
