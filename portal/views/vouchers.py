"""A member's vouchers: those that can be used, choosing one, and those that were."""

from datetime import date
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.money import display
from common.ui.toasts import toast
from offers.stamps import selectors as stamps
from offers.stamps import sentences
from offers.vouchers import selectors, services, words
from points.services import InsufficientPoints, PointsHeld
from portal.guards import member_of

_SHOWN = 20


@require_safe
def vouchers(request: HttpRequest) -> HttpResponse:
    """Show what can be used, what may be chosen, and what was."""
    member = member_of(request)
    now = timezone.now()
    zone = member.programme.zone
    choices = selectors.choices_for(member, now=now)
    context = {
        "page": "home",
        "open": [
            {
                "id": each.public_id,
                "title": words.title(each),
                "last_day": words.last_day(each, zone),
                "needs_purchase": each.needs_purchase,
            }
            for each in selectors.shown_to_member(member, now=now)
        ],
        "choices": choices,
        "past": [
            {
                "title": words.title(each),
                "status": each.get_status_display(),
                "day": each.used_at or each.expires_at,
            }
            for each in selectors.past_of(member, now=now)[:_SHOWN]
        ],
        "currency": member.programme.currency,
        "held_until": member.held_until
        if member.held_until and member.held_until > now
        else None,
    }
    return render(request, "portal/vouchers.html", context)


@require_safe
def voucher(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one voucher large, for the scanner."""
    member = member_of(request)
    now = timezone.now()
    found = next(
        (
            each
            for each in selectors.shown_to_member(member, now=now)
            if each.public_id == public_id
        ),
        None,
    )
    if found is None:
        raise Http404
    context = {
        "page": "home",
        "title": words.title(found),
        "code": found.code,
        "shown_code": words.code(found),
        "last_day": words.last_day(found, member.programme.zone),
        "needs_purchase": found.needs_purchase,
    }
    return render(request, "portal/voucher.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def voucher_choose(request: HttpRequest, points: int) -> HttpResponse:
    """Ask once more, then turn points into a voucher; a second tap gives no second."""
    member = member_of(request)
    now = timezone.now()
    choices = selectors.choices_for(member, now=now)
    chosen = (
        next((each for each in choices.steps if each.step.points == points), None)
        if choices
        else None
    )
    if choices is None or chosen is None:
        raise Http404
    if request.method == "POST":
        try:
            services.choose_voucher(
                member=member,
                points=points,
                version=_number(request.POST.get("version", "")),
                until=_day(request.POST.get("until", "")),
                key=f"choice:{UUID(request.POST.get('key', ''))}",
                now=now,
            )
        except InsufficientPoints:
            toast(request, _("Your points are not enough."), tone="error")
        except PointsHeld:
            toast(request, _("Your points cannot be used yet."), tone="error")
        except (services.NoSuchStep, ValueError):
            toast(
                request,
                _("What vouchers cost has changed. Look once more."),
                tone="error",
            )
        else:
            toast(request, _("The voucher is yours."))
        return redirect("portal:vouchers")
    context = {
        "page": "home",
        "step": chosen.step,
        "money": display(chosen.step.value, member.programme.currency),
        "is_enough": chosen.is_enough,
        "missing": chosen.missing,
        "left": choices.balance.points - chosen.step.points,
        "version": choices.version,
        "until": choices.until,
        "valid_days": choices.valid_days,
        "key": uuid4(),
    }
    return render(request, "portal/voucher_choose.html", context)


@require_safe
def stamp_cards(request: HttpRequest) -> HttpResponse:
    """Show how far the member is on each card, and its terms."""
    member = member_of(request)
    context = {
        "page": "home",
        "cards": [
            (each, sentences.conditions(each.card))
            for each in stamps.cards_of(member, now=timezone.now())
        ],
    }
    return render(request, "portal/stamp_cards.html", context)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
