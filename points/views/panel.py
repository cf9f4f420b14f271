"""The panel of points on a member's page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from members.views.frame import answer, member_of
from points import selectors, words

_SHOWN = 8


@require_safe
def member_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with what a member has, what it is worth, and how it came about."""
    member = member_of(request, public_id)
    now = timezone.now()
    benefit = selectors.next_benefit(member, now)
    expiring = selectors.next_expiry(member, now)
    context = {
        "balance": selectors.balance_of(member, now),
        "benefit": benefit,
        "to_next": words.to_next(benefit) if benefit else "",
        "expiring": words.expiring(
            expiring.points, expiring.expires_at, member.programme.zone
        )
        if expiring
        else "",
        "entries": list(selectors.entries(member)[:_SHOWN]),
    }
    return answer(
        request, member, "points/_member_panel.html", context, title=_("Points")
    )
