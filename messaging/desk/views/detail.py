"""One past message: what it was, what allowed it, and who sent it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from members import care
from messaging.desk import kinds, proof
from messaging.desk.views.listing import STATE_TONES
from messaging.models import Message
from stores import audit
from stores.middleware import programme_of
from stores.views.pages import staff_of


@require_safe
def message_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a message and what allowed or stopped it; the look is on record."""
    message = get_object_or_404(
        Message.objects.select_related("member__programme", "programme"),
        programme=programme_of(request),
        public_id=public_id,
    )
    context = {
        "title": kinds.label_of(message.kind),
        "message": message,
        "member_label": care.label_of(message.member) if message.member else "",
        "address": proof.masked_address(message),
        "purpose": proof.purpose_label(message),
        "state_tone": STATE_TONES.get(Message.State(message.state), ""),
        # Who reads a code could use it.
        "is_secret": message.message_class == Message.Class.CODE,
        "proof": proof.proof_of(message),
        "sender": proof.sender_of(message),
    }
    audit.record(
        programme=message.programme,
        actor=staff_of(request),
        action=proof.VIEWED,
        now=timezone.now(),
        member_id=message.member.public_id if message.member else None,
        subject=f"message:{message.public_id}",
    )
    response = render(request, "messaging/desk/message_detail.html", context)
    add_never_cache_headers(response)
    return response
