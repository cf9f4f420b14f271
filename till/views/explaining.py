"""The sheet that says how the programme works, for whoever is asked at the till."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from points.programme.leaflet import leaflet_of
from till import guards


@require_safe
def how_it_works(request: HttpRequest) -> HttpResponse:
    """Explain the programme in force on one page."""
    device = guards.device_of(request)
    context = {
        "store": device.store,
        "device": device,
        "leaflet": leaflet_of(device.store.programme, now=timezone.now()),
    }
    return render(request, "till/how_it_works.html", context)
