"""What the club may send: yes or no for each channel."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from common.ui.toasts import toast
from consent.models import Channel, ConsentEntry, Purpose, Text
from consent.selectors import current_text, find_acceptance, permissions_of
from consent.services import MEMBER, record_entry
from members import phones
from members.models import Member
from portal.guards import member_of, session_of


@dataclass(frozen=True, slots=True)
class Choice:
    """One channel, what the member said about it, and the words they said it to."""

    channel: Channel
    address: str
    is_given: bool
    decided_at: datetime | None
    text: Text

    @property
    def field(self) -> str:
        """Return the name of the switch."""
        return f"yes_{self.channel.lower()}"


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """Show the choices; a yes and a no are the same one tap away."""
    member = member_of(request)
    offered = _choices_of(member)
    if request.method == "POST":
        changed = _record(request, member, offered)
        if changed:
            toast(request, gettext("Your choices are saved."))
        return redirect("portal:choices")
    acceptance = find_acceptance(member)
    context = {"page": "choices", "choices": offered, "acceptance": acceptance}
    return render(request, "portal/choices.html", context)


def _choices_of(member: Member) -> list[Choice]:
    """Return a choice for each channel on which the member can be reached."""
    given = ConsentEntry.Action.GIVEN
    held = permissions_of(member)
    phone = phones.display(member.phone, member.programme.country)
    addresses = {Channel.SMS: phone, Channel.EMAIL: member.email}
    found = []
    for channel, address in addresses.items():
        if not address:
            continue
        entry = held.get((Purpose.MARKETING, channel))
        is_given = entry is not None and entry.action == given
        # Who said yes sees the words they said yes to; anybody else today's.
        if is_given and entry is not None and entry.text is not None:
            text = entry.text
        else:
            text = current_text(
                programme=member.programme,
                kind=Text.Kind.CONSENT,
                purpose=Purpose.MARKETING,
                channel=channel,
                language=get_language() or member.language,
            )
        found.append(
            Choice(channel, address, is_given, entry.at if entry else None, text)
        )
    return found


@transaction.atomic
def _record(request: HttpRequest, member: Member, offered: list[Choice]) -> bool:
    """Write down what differs from before; return whether anything did."""
    now = timezone.now()
    changed = False
    for choice in offered:
        wanted = choice.field in request.POST
        if wanted == choice.is_given:
            continue
        changed = True
        action = ConsentEntry.Action.GIVEN if wanted else ConsentEntry.Action.WITHDRAWN
        record_entry(
            member=member,
            purpose=Purpose.MARKETING,
            channel=choice.channel,
            action=action,
            at=now,
            source=ConsentEntry.Source.PORTAL,
            actor=MEMBER,
            text=choice.text,
            evidence={"session": str(session_of(request).public_id)},
        )
    return changed
