"""Staying after a long silence: the message that says it ends, and the link in it."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from consent.retention import inactivity
from members import events
from members.models import Event, Member
from messaging import notices, templates
from points import words
from points.selectors import balance_of
from portal import kinds

TEMPLATE = "inactive_notice"
# The messages come over two months, and a last one leaves two weeks.
LINK_LIFE = timedelta(days=120)
_SALT = "portal.keep"
_LONGEST = 200


def register() -> None:
    """Register the message and what it is sent for; called once, at the start."""
    templates.register(TEMPLATE, fields={"link", "ends_on", "step"})
    notices.register(inactivity.TOLD, TEMPLATE, context=_context)


def link_of(member: Member, event_id: UUID) -> str:
    """Return the address by which a member stays without signing in."""
    path = reverse("portal:keep", args=[token_of(member, event_id)])
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def token_of(member: Member, event_id: UUID) -> str:
    """Return what the link ends with."""
    packed = signing.b64_encode(member.public_id.bytes + event_id.bytes).decode()
    return signing.TimestampSigner(salt=_SALT, sep=".").sign(packed)


def read_token(token: str) -> tuple[Member, UUID] | None:
    """Return whom a link is for and which message it stood in.

    None when it is forged or too old, or the member is not there any more.
    """
    if len(token) > _LONGEST:
        return None
    try:
        packed = signing.TimestampSigner(salt=_SALT, sep=".").unsign(
            token, max_age=LINK_LIFE
        )
        content = signing.b64_decode(packed.encode())
    except (signing.BadSignature, ValueError):
        return None
    member = (
        Member.objects.select_related("programme")
        .filter(public_id=UUID(bytes=content[:16]), status=Member.Status.ACTIVE)
        .first()
    )
    return None if member is None else (member, UUID(bytes=content[16:]))


def keep_membership(*, member: Member, event_id: UUID, now: datetime) -> bool:
    """Note that a member wants to stay; by one link once. Tell whether it was new."""
    with transaction.atomic():
        # Before the row is erased, or after: never beside it.
        locked = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        is_known = Event.objects.filter(
            member=locked, kind=kinds.KEPT, subject_id=event_id
        ).exists()
        if locked.status != Member.Status.ACTIVE or is_known:
            return False
        events.record(
            member_id=locked.pk,
            kind=kinds.KEPT,
            at=now,
            now=now,
            subject_type="notice",
            subject_id=event_id,
        )
    return True


def what_is_lost(member: Member, now: datetime) -> str:
    """Say which points go with the membership and what they are worth, or nothing."""
    balance = balance_of(member, now)
    return words.with_worth(balance) if balance.points > 0 else ""


def _context(event: Event, member: Member) -> dict[str, Any]:
    with translation.override(member.language):
        return {
            "link": link_of(member, event.public_id),
            "ends_on": date.fromisoformat(event.data["ends_on"]),
            "step": event.data["step"],
            "months": event.data["months"],
            "lost": what_is_lost(member, event.at),
        }
