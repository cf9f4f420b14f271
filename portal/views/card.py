"""The card alone, large, and its code anew every few minutes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members.cards import card_token, display_number
from portal.guards import member_of


@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """Show the card for the scanner."""
    return render(request, "portal/card.html", {"page": "card", **_code(request)})


@require_safe
def card_qr(request: HttpRequest) -> HttpResponse:
    """Show the code alone; the card asks for it every few minutes."""
    return render(request, "portal/_qr.html", _code(request))


def _code(request: HttpRequest) -> dict[str, object]:
    member = member_of(request)
    return {
        "token": card_token(member, now=timezone.now()),
        "number": display_number(member.number),
    }
