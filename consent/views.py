"""The panel of permissions on a member's page."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.ui.htmx import is_partial
from common.ui.toasts import toast
from consent import selectors, services
from consent.desk import asking
from consent.desk.audits import YES_TRIED
from consent.models import MESSAGE_CHANNELS, Channel, ConsentEntry, Purpose
from members.models import Member
from members.views.frame import answer, member_of, staff_of
from stores import audit
from stores.access import roles_of
from stores.roles import Role

MAY_WITHDRAW = frozenset(
    {Role.OWNER, Role.CUSTOMER_SERVICE, Role.DATA_PROTECTION_OFFICER}
)
_TEMPLATE = "consent/_permissions_panel.html"
_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Permission:
    """One purpose on one channel, and the member's latest word on it."""

    purpose: Purpose
    channel: Channel
    entry: ConsentEntry | None

    @property
    def is_given(self) -> bool:
        """Tell whether the latest word is yes."""
        return self.entry is not None and self.entry.action == ConsentEntry.Action.GIVEN


@require_safe
def permissions_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with what the member allows, since when, and by which words."""
    return _panel(request, member_of(request, public_id))


@require_POST
def permission_withdraw(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a yes back for a member who said so in the store or to customer service."""
    member = member_of(request, public_id)
    purpose, channel = request.POST.get("purpose", ""), request.POST.get("channel", "")
    if purpose not in Purpose or channel not in Channel:
        return HttpResponseBadRequest()
    withdrawn = services.withdraw_for_member(
        member=member,
        purpose=purpose,
        channel=channel,
        staff=staff_of(request),
        now=timezone.now(),
    )
    if withdrawn is not None:
        toast(request, _("Stopped. It holds from this moment."))
    if is_partial(request):
        return _panel(request, member)
    return redirect("members:member-detail", member.public_id)


@require_POST
def permission_give(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Refuse to say yes for a member, note the try, and offer to ask them instead."""
    member = member_of(request, public_id)
    purpose, channel = request.POST.get("purpose", ""), request.POST.get("channel", "")
    if purpose not in Purpose or channel not in Channel:
        return HttpResponseBadRequest()
    audit.record(
        programme=member.programme,
        actor=staff_of(request),
        action=YES_TRIED,
        now=timezone.now(),
        member_id=member.public_id,
        subject=f"{purpose} {channel}",
    )
    return _panel(request, member, is_refused=True)


@require_POST
def permission_ask(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send a member the link by which they decide themselves."""
    member = member_of(request, public_id)
    channel = request.POST.get("channel", "")
    if channel not in _reachable(member):
        return HttpResponseBadRequest()
    is_sent = asking.ask_member(
        member=member, channel=channel, staff=staff_of(request), now=timezone.now()
    )
    if is_sent:
        toast(request, _("Sent. The member decides."))
    else:
        toast(request, _("The member was asked today already."), tone="error")
    if is_partial(request):
        return _panel(request, member)
    return redirect("members:member-detail", member.public_id)


def _reachable(member: Member) -> list[Channel]:
    """Return the channels on which a member can be asked."""
    addresses = {Channel.SMS: member.phone, Channel.EMAIL: member.email}
    if member.status != Member.Status.ACTIVE:
        return []
    return [channel for channel in MESSAGE_CHANNELS if addresses[channel]]


def _panel(
    request: HttpRequest, member: Member, *, is_refused: bool = False
) -> HttpResponse:
    latest = selectors.permissions_of(member)
    context = {
        "permissions": [
            Permission(purpose, channel, latest.get((purpose, channel)))
            for purpose in Purpose
            for channel in Channel
            # Of the rest only what somebody was asked.
            if (purpose, channel) in latest
            or (purpose == Purpose.MARKETING and channel in MESSAGE_CHANNELS)
        ],
        "acceptance": selectors.find_acceptance(member),
        "history": selectors.list_entries(member)[:_HISTORY],
        "may_withdraw": bool(MAY_WITHDRAW & roles_of(staff_of(request))),
        "is_refused": is_refused,
        "reachable": _reachable(member),
    }
    # Htmx shows the answer of a refusal in place as well.
    status = 422 if is_refused else 200
    return answer(
        request, member, _TEMPLATE, context, title=_("Consents"), status=status
    )
