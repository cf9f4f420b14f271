"""How the programme works, for who thinks of joining."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from enrolment.views.languages import languages
from points.programme.leaflet import leaflet_of
from stores.middleware import programme_of, use_zone


@require_safe
def how_it_works(request: HttpRequest, language: str) -> HttpResponse:
    """Explain the programme in force to anybody."""
    use_zone(request)
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        leaflet = leaflet_of(programme_of(request), now=timezone.now())
        if leaflet is None:
            raise Http404
        others = [
            (code, name, reverse("enrolment:how-it-works", args=[code]))
            for code, name in languages()
            if code != language
        ]
        context = {"leaflet": leaflet, "languages": others}
        return render(request, "enrolment/how_it_works.html", context)
