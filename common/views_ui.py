"""Search, theme, language, the merchant's colours and the style guide."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from common.context import THEMES
from common.ui import search as finder
from common.ui.htmx import is_partial

_YEAR = int(timedelta(days=365).total_seconds())
_LONGEST_QUERY = 80


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Find members, pages and actions; the list alone for the palette."""
    words = request.GET.get("q", "")[:_LONGEST_QUERY].replace("\x00", "")
    partial = is_partial(request)
    limit = finder.FEW if partial else finder.MANY
    context = {
        "words": words.strip(),
        "groups": finder.search(request, words, limit=limit),
    }
    template = "components/_search_results.html" if partial else "common/search.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark; anything else follows the system again."""
    theme = request.POST.get("theme", "")
    response = HttpResponseRedirect(_back(request))
    if theme in THEMES:
        _remember(response, "theme", theme)
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember a language that we speak."""
    language = request.POST.get("language", "")
    response = HttpResponseRedirect(_back(request))
    if language in dict(settings.LANGUAGES):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@require_GET
def brand_css(request: HttpRequest) -> HttpResponse:
    """Answer with the programme's colours as a style sheet."""
    # By a template, since only the context knows the programme: stores lies above us.
    response = render(request, "common/brand.css", content_type="text/css")
    response["Cache-Control"] = "private, max-age=300"
    return response


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=_YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _back(request: HttpRequest) -> str:
    """Return to the page the person came from, if it is one of ours."""
    for target in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if target and url_has_allowed_host_and_scheme(
            target, {request.get_host()}, require_https=request.is_secure()
        ):
            return target
    return "/"
