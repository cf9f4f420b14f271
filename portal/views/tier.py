"""The member's tier: what it gives, what is missing to the next, and why."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from points.tiers import selectors, words
from portal.guards import member_of
from portal.tiers import levels_of, tier_of


@require_safe
def tier(request: HttpRequest) -> HttpResponse:
    """Show the way up, every tier with its benefits, and how it came about."""
    member = member_of(request)
    now = timezone.now()
    shown = tier_of(member, now=now)
    if shown is None:
        raise Http404
    progress = shown.progress
    history = selectors.history_of(member)
    context = {
        "page": "home",
        "tier": shown,
        "levels": levels_of(progress),
        "why": words.why(
            history[0] if history else None,
            progress.tier.name,
            currency=progress.currency,
            zone=member.programme.zone,
        ),
        "counted": words.amount(progress.counted, progress.measure, progress.currency),
        "counted_days": words.span(progress.span),
        "sentences": shown.sentences,
    }
    return render(request, "portal/tier.html", context)
