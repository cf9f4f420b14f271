"""The programme on one page, for the desk: to read in each language, and to print."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from points.programme import leaflet_pdf
from points.programme.leaflet import Leaflet, leaflet_of
from stores.middleware import programme_of
from stores.models import Programme


@require_safe
def leaflet(request: HttpRequest) -> HttpResponse:
    """Show the page in one of the members' languages."""
    programme = programme_of(request)
    language = _language(request, programme)
    context = {
        "title": _("The programme on one page"),
        "subtitle": _("What members, staff and the terms are told, from the rules."),
        "leaflet": _written(programme, language),
        "language": language,
        "languages": [
            (code, str(name), f"?language={code}") for code, name in settings.LANGUAGES
        ],
        "pdf_url": f"{reverse('points:leaflet-pdf')}?language={language}",
    }
    return render(request, "points/leaflet.html", context)


@require_safe
def leaflet_file(request: HttpRequest) -> HttpResponse:
    """Answer with the page as a PDF."""
    programme = programme_of(request)
    language = _language(request, programme)
    written = _written(programme, language)
    if written is None:
        raise Http404
    with translation.override(language):
        response = HttpResponse(
            leaflet_pdf.to_pdf(written), content_type="application/pdf"
        )
    name = slugify(f"{programme.name} {language}") or language
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


def _language(request: HttpRequest, programme: Programme) -> str:
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else programme.language


def _written(programme: Programme, language: str) -> Leaflet | None:
    with translation.override(language):
        return leaflet_of(programme, now=timezone.now())
