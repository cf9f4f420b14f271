"""The member's first page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from consent import renewals
from consent.rights import find_cooling
from members.cards import card_token, display_number
from portal import receipts
from portal.guards import member_of
from portal.offers import offers_of
from portal.overview import overview_of, rule_sentences
from portal.services.visits import is_seen, note_visit
from portal.tiers import tier_of

_LATEST = 3


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the card, what it is worth, and what was bought last."""
    member = member_of(request)
    now = timezone.now()
    if is_seen(request):
        note_visit(member=member, now=now)
    latest = receipts.list_receipts(member)[:_LATEST]
    context = {
        "page": "home",
        "member": member,
        "overview": overview_of(member, now=now),
        "tier": tier_of(member, now=now),
        "offers": offers_of(member, now=now),
        "rule": rule_sentences(member, now=now),
        "renewals": renewals.open_for(member),
        "token": card_token(member, now=now),
        "number": display_number(member.number),
        "held_until": member.held_until
        if member.held_until and member.held_until > now
        else None,
        "cooling": find_cooling(member),
        "rows": [receipts.row_of(receipt) for receipt in latest],
    }
    return render(request, "portal/home.html", context)
