"""The link by which a member brings others."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from points.actions import referrals, words
from points.models import Referral
from points.selectors import find_rule
from portal.guards import member_of


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Show the member's link and what came of it; POST makes the link."""
    member = member_of(request)
    now = timezone.now()
    if request.method == "POST":
        referrals.make_code(member=member, now=now)
        return redirect("portal:invite")
    programme = member.programme
    rule = find_rule(programme_id=programme.pk, at=now)
    code = referrals.find_code(member)
    link = referrals.link_of(code) if code else ""
    states = list(
        Referral.objects.filter(referrer=member).values_list("state", flat=True)
    )
    context = {
        "page": "me",
        "sentences": words.invitation(
            referrals.actions_in_force(programme, now=now), rule, programme.currency
        )
        if rule
        else [],
        "link": link,
        "message": quote(
            _("Become a member of %(club)s with me: %(link)s")
            % {"club": programme.name, "link": link}
        ),
        "joined": len(states),
        "kept": states.count(Referral.State.KEPT),
        "days": referrals.KEPT_DAYS,
    }
    return render(request, "portal/invite.html", context)
