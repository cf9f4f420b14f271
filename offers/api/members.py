"""A member's vouchers and stamp cards for other systems."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema

from common.api import ApiView, answer
from common.problems import Problem
from members.models import Member
from offers import documents
from offers.api import writing
from offers.stamps import selectors as stamps
from offers.vouchers import selectors
from stores.authentication import Caller


class MemberVouchers(ApiView):
    """What a member may use."""

    scopes = {"GET": "members:read"}

    @extend_schema(**documents.READ_MEMBER_VOUCHERS)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Return the vouchers that a member may use in a purchase now."""
        member = _member(request, public_id)
        found = selectors.usable_now(member, now=timezone.now())
        zone = member.programme.zone
        return answer(
            {"vouchers": [writing.voucher(each, why=None, zone=zone) for each in found]}
        )


class MemberStampCards(ApiView):
    """How far a member is on each card."""

    scopes = {"GET": "members:read"}

    @extend_schema(**documents.READ_MEMBER_STAMP_CARDS)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Return a member's progress on every card that is open now."""
        member = _member(request, public_id)
        found = stamps.cards_of(member, now=timezone.now())
        return answer({"stampCards": [writing.card(each) for each in found]})


def member_of(caller: Caller, public_id: UUID) -> Member | None:
    """Return a member of the caller's club, or who they were merged into."""
    found = (
        Member.objects.select_related("programme", "merged_into__programme")
        .filter(programme_id=caller.programme_id, public_id=public_id)
        .exclude(status=Member.Status.ERASED)
        .first()
    )
    return None if found is None else found.merged_into or found


def _member(request: HttpRequest, public_id: UUID) -> Member:
    caller: Caller = request.user  # type: ignore[assignment]
    found = member_of(caller, public_id)
    if found is None:
        raise Problem(
            status=404, code="member_not_found", title=_("The club has no such member.")
        )
    return found
