"""What the club knows a member by: numbers, addresses, cards; and lost cards."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from common.ui.toasts import toast
from members import phones
from members.cards import display_number
from members.models import Identifier, Member
from portal import services
from portal.guards import member_of

_CARD = Identifier.Kind.CARD


@require_safe
def identifiers(request: HttpRequest) -> HttpResponse:
    """Show each of them, how it was proven, and cards that were lost."""
    member = member_of(request)
    known = list(_live(member).order_by("kind", "added_at", "pk"))
    lost = Identifier.objects.filter(
        member=member, kind=_CARD, ended_at__isnull=False
    ).order_by("-ended_at")
    country = member.programme.country
    context = {
        "page": "me",
        "member": member,
        "number": display_number(member.number),
        "phones": [
            (each, phones.display(each.value, country), each.value == member.phone)
            for each in known
            if each.kind == Identifier.Kind.PHONE
        ],
        "emails": [
            (each, each.value, each.value == member.email.lower())
            for each in known
            if each.kind == Identifier.Kind.EMAIL
        ],
        "cards": [each for each in known if each.kind == _CARD],
        "externals": [each for each in known if each.kind == Identifier.Kind.EXTERNAL],
        "lost": lost,
    }
    return render(request, "portal/identifiers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def card_lost(request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
    """Block a lost card once that is confirmed: one's own, or the one named."""
    member = member_of(request)
    card = None
    if public_id is not None:
        card = _live(member).filter(kind=_CARD, public_id=public_id).first()
        if card is None:
            raise Http404
    if request.method != "POST":
        shown = card.value if card else display_number(member.number)
        context = {"page": "me", "number": shown, "is_own": card is None}
        return render(request, "portal/card_lost.html", context)
    services.report_lost(
        member=member, card=card.public_id if card else None, now=timezone.now()
    )
    if card is None:
        toast(request, gettext("The card is blocked. You have a new number."))
    else:
        toast(request, gettext("The card is blocked."))
    return redirect("portal:identifiers")


def _live(member: Member) -> QuerySet[Identifier]:
    return Identifier.objects.filter(member=member, ended_at=None)
