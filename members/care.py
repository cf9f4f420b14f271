"""What staff do with members at the desk: every look and every change is on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from members import phones, services
from members.models import Member
from stores import audit
from stores.models import Programme, Staff

VIEWED = "member.viewed"
REVEALED = "member.contact_revealed"
CHANGED = "member.changed"
EXPORTED = "member.exported"


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a member, in the open or masked."""

    phone: str
    email: str


def masked(member: Member) -> Contact:
    """Return a member's contact details as staff see them unasked."""
    return Contact(
        phone=phones.mask(member.phone, member.programme.country),
        email=phones.mask_email(member.email),
    )


def label_of(member: Member) -> str:
    """Return what a member is called, also before their name is known."""
    contact = masked(member)
    return member.name or contact.phone or contact.email


def note_view(*, member: Member, staff: Staff, now: datetime) -> None:
    """Note that somebody opened a member's page."""
    audit.record(
        programme=member.programme,
        actor=staff,
        action=VIEWED,
        now=now,
        member_id=member.public_id,
    )


def reveal_contact(
    *, member: Member, staff: Staff, reason: str, now: datetime
) -> Contact:
    """Return a member's contact details in the open, and note who asked and why."""
    audit.record(
        programme=member.programme,
        actor=staff,
        action=REVEALED,
        now=now,
        member_id=member.public_id,
        reason=reason,
    )
    return Contact(
        phone=phones.display(member.phone, member.programme.country),
        email=member.email,
    )


def change(
    *,
    member: Member,
    staff: Staff,
    reason: str,
    changes: Mapping[str, Any],
    now: datetime,
) -> list[str]:
    """Change a member's details for them; return the names of those that changed.

    Raises:
        MemberExists, ContactMissing, PhoneInvalid, EmailInvalid, StatusForbids:
            as `services.update_member` does.
    """
    with transaction.atomic():
        changed = services.update_member(member=member, now=now, **changes)
        if changed:
            audit.record(
                programme=member.programme,
                actor=staff,
                action=CHANGED,
                now=now,
                member_id=member.public_id,
                reason=reason,
                data={"fields": changed},
            )
    return changed


def note_export(
    *,
    programme: Programme,
    staff: Staff,
    reason: str,
    filters: Mapping[str, str],
    rows: int,
    now: datetime,
) -> None:
    """Note that a list of members left the house, which filters chose it, and why.

    Not the words that were searched for: they are a name more often than not.
    """
    audit.record(
        programme=programme,
        actor=staff,
        action=EXPORTED,
        now=now,
        reason=reason,
        data={"filters": dict(filters), "rows": rows},
    )
