"""What the club may send and do with what it knows: a signed-in member's choices."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from consent.models import ConsentEntry
from consent.selectors import find_acceptance
from portal.guards import member_of, session_of
from portal.views import preferences


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Show the choices; a yes and a no are the same one tap away."""
    member = member_of(request)
    way = preferences.Way(
        template="portal/choices.html",
        url=reverse("portal:choices"),
        source=ConsentEntry.Source.PORTAL,
        evidence={"session": str(session_of(request).public_id)},
        language=get_language() or member.language,
        is_signed_in=True,
    )
    return preferences.answer(
        request,
        member,
        way,
        now=timezone.now(),
        page="choices",
        acceptance=find_acceptance(member),
    )
