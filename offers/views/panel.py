"""Panels: a member's vouchers and cards, and what vouchers are owed."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from members.views.frame import answer, member_of
from offers.stamps import selectors as stamps
from offers.views.vouchers import rows_of
from offers.vouchers import selectors
from stores.middleware import programme_of

_SHOWN = 5


@require_safe
def member_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with what a member may use, what they had, and how far their cards are."""
    member = member_of(request, public_id)
    now = timezone.now()
    context = {
        "open": rows_of(selectors.usable_now(member, now=now), member.programme.zone),
        "past": rows_of(
            selectors.past_of(member, now=now)[:_SHOWN], member.programme.zone
        ),
        "cards": stamps.cards_of(member, now=now),
    }
    return answer(
        request,
        member,
        "offers/_member_panel.html",
        context,
        title=_("Vouchers and stamp cards"),
    )


@require_safe
def liability_panel(request: HttpRequest) -> HttpResponse:
    """Answer with what is owed in vouchers, for the page of what is owed in points."""
    programme = programme_of(request)
    context = {
        "figures": selectors.figures_of(programme),
        "currency": programme.currency,
        "title": _("Outstanding vouchers"),
    }
    if request.headers.get("HX-Request"):
        return render(request, "offers/_liability_panel.html", context)
    return render(request, "offers/liability_panel.html", context)
