"""The first page of the privacy desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consent.desk.panels import panels_for
from stores.views.pages import staff_of


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Show how it stands with the members' data, panel by panel."""
    context = {"title": _("Privacy"), "panels": panels_for(staff_of(request))}
    return render(request, "consent/desk/overview.html", context)
