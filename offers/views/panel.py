"""Panels: a member's vouchers and cards, and what vouchers are owed."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.periods import start_of_day
from members.views.frame import answer, member_of
from offers.stamps import selectors as stamps
from offers.views.vouchers import rows_of
from offers.vouchers import selectors
from points.books import liability
from points.views.books import day_of
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
    _form, day = day_of(request, programme)
    until = start_of_day(day + timedelta(days=1), programme.zone)
    context = {
        "day": day,
        "owed": liability.beside_at(programme=programme, until=until),
        "currency": programme.currency,
        "title": _("Outstanding vouchers"),
    }
    if request.headers.get("HX-Request"):
        return render(request, "offers/_liability_panel.html", context)
    return render(request, "offers/liability_panel.html", context)
