"""What every panel of the privacy desk does, in whichever room it lives."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from common.ui.htmx import is_partial
from consent.desk.panels import Text


def answer(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, title: Text
) -> HttpResponse:
    """Answer with a card for the overview, or with a page that holds it alone."""
    content = dict(context)
    if is_partial(request):
        response = render(request, template, content)
    else:
        content |= {"panel_template": template, "title": title}
        response = render(request, "consent/desk/panel_page.html", content)
    patch_vary_headers(response, ["HX-Request"])
    add_never_cache_headers(response)
    return response
