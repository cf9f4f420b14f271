"""What every panel of a member's page does, in whichever room it lives."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from common.ui.htmx import is_partial
from members import care
from members.models import Member
from members.panels import Text
from stores.middleware import programme_of
from stores.models import Staff


def member_of(request: HttpRequest, public_id: object) -> Member:
    """Return the member that a panel is about.

    Raises:
        Http404: there is none in the programme, or they were erased.
    """
    member: Member = get_object_or_404(
        Member.objects.select_related("programme", "home_store", "registered_store"),
        programme=programme_of(request),
        public_id=public_id,
    )
    if member.status == Member.Status.ERASED:
        raise Http404
    return member


def answer(
    request: HttpRequest,
    member: Member,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    title: Text,
    status: int = 200,
) -> HttpResponse:
    """Answer with a panel's card for the page, or with a page that holds it alone."""
    content = {"member": member, **(context or {})}
    if is_partial(request):
        response = render(request, template, content, status=status)
    else:
        # The card on its own is a way to see a member too.
        care.note_view(member=member, staff=staff_of(request), now=timezone.now())
        content |= {"panel_template": template, "title": care.label_of(member)}
        content["panel_title"] = title
        response = render(request, "members/panel_page.html", content, status=status)
    patch_vary_headers(response, ["HX-Request"])
    add_never_cache_headers(response)
    return response


def staff_of(request: HttpRequest) -> Staff:
    """Return the signed-in person; the access table let nobody else in."""
    if not isinstance(request.user, Staff):
        message = "A desk page was opened by nobody."
        raise TypeError(message)
    return request.user
