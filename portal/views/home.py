"""The member's first page, and what lets a phone keep it as an app."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.cards import card_token, display_number
from portal import receipts
from portal.guards import member_of
from portal.overview import overview_of, rule_sentences
from stores.middleware import programme_of

_LATEST = 3


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the card, what it is worth, and what was bought last."""
    member = member_of(request)
    now = timezone.now()
    latest = receipts.list_receipts(member)[:_LATEST]
    context = {
        "page": "home",
        "member": member,
        "overview": overview_of(member, now=now),
        "rule": rule_sentences(member, now=now),
        "token": card_token(member, now=now),
        "number": display_number(member.number),
        "rows": [receipts.row_of(receipt) for receipt in latest],
    }
    return render(request, "portal/home.html", context)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the pages to a phone that keeps them on its first screen."""
    programme = programme_of(request)
    return JsonResponse(
        {
            "name": programme.name,
            "short_name": programme.name[:12],
            "id": reverse("portal:home"),
            "start_url": reverse("portal:home"),
            "scope": reverse("portal:home"),
            "display": "standalone",
            "background_color": programme.brand_color,
            "theme_color": programme.brand_color,
            "icons": [
                {
                    "src": static("ui/img/favicon.svg"),
                    "sizes": "any",
                    "type": "image/svg+xml",
                }
            ],
        },
        content_type="application/manifest+json",
    )
