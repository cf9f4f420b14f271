"""What staff do with members at the desk: every look and every change is on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from members import cards, identity, phones, services
from members.models import Identifier, Member
from stores import audit
from stores.models import Programme, Staff

VIEWED = "member.viewed"
REVEALED = "member.contact_revealed"
CHANGED = "member.changed"
EXPORTED = "member.exported"
CARD_ADDED = "member.card_added"
CARD_REPLACED = "member.card_replaced"
IDENTIFIER_ENDED = "member.identifier_ended"


class CardLost(Exception):
    """Raised for a card that was reported lost: whoever has it may have found it."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a member, in the open or masked."""

    phone: str
    email: str
    # Others that find the member, with no order among them.
    further: tuple[str, ...] = ()


def masked(member: Member) -> Contact:
    """Return a member's contact details as staff see them unasked."""
    return Contact(
        phone=phones.mask(member.phone, member.programme.country),
        email=phones.mask_email(member.email),
    )


def masked_identifier(identifier: Identifier) -> str:
    """Return what a member is known by as staff see it unasked.

    Cards and ids of other systems reach nobody, and stand in the open.
    """
    if identifier.kind == Identifier.Kind.PHONE:
        return phones.mask(identifier.value, identifier.programme.country)
    if identifier.kind == Identifier.Kind.EMAIL:
        return phones.mask_email(identifier.value)
    if identifier.kind == Identifier.Kind.CARD:
        return shown_card(identifier.value)
    return identifier.value


def found_by(identifier: Identifier) -> str:
    """Say by what somebody was found, and when it is no longer theirs."""
    what = (
        identifier.system
        if identifier.kind == Identifier.Kind.EXTERNAL
        else identifier.get_kind_display()
    )
    shown = {"what": what, "value": masked_identifier(identifier)}
    if identifier.ended_at is None:
        return _("%(what)s %(value)s") % shown
    shown["end"] = identifier.get_end_display().lower()
    return _("%(what)s %(value)s: %(end)s") % shown


def shown_card(value: str) -> str:
    """Write a card's number as it is read out, ours in groups."""
    return cards.display_number(value) if cards.is_number(value) else value


def label_of(member: Member) -> str:
    """Return what a member is called, also before their name is known."""
    contact = masked(member)
    return (
        member.name
        or contact.phone
        or contact.email
        or cards.display_number(member.number)
    )


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
    further = (
        Identifier.objects.filter(
            member=member,
            kind__in=[Identifier.Kind.PHONE, Identifier.Kind.EMAIL],
            ended_at=None,
        )
        .exclude(value__in=[member.phone, member.email.lower()])
        .order_by("kind", "pk")
    )
    country = member.programme.country
    return Contact(
        phone=phones.display(member.phone, country),
        email=member.email,
        further=tuple(
            phones.display(each.value, country)
            if each.kind == Identifier.Kind.PHONE
            else each.value
            for each in further
        ),
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


def add_card(*, member: Member, staff: Staff, number: str, now: datetime) -> Identifier:
    """Give a member a further card, which somebody from the staff has seen.

    Raises:
        MemberExists: it is another member's.
        CardLost: it was reported lost.
        StatusForbids, IdentifierInvalid: as `identity.add_identifier` does.
    """
    value = identity.clean_value(
        Identifier.Kind.CARD, number, country=member.programme.country
    )
    with transaction.atomic():
        ended = identity.ended_card(programme=member.programme, value=value)
        if ended is not None and ended.end == Identifier.End.LOST:
            raise CardLost
        if value == member.number:
            raise services.MemberExists(member)
        card = identity.add_identifier(
            member=member,
            kind=Identifier.Kind.CARD,
            value=value,
            proof=Identifier.Proof.STAFF,
            now=now,
        )
        audit.record(
            programme=member.programme,
            actor=staff,
            action=CARD_ADDED,
            now=now,
            member_id=member.public_id,
            subject=str(card.public_id),
        )
    return card


def replace_card(*, member: Member, staff: Staff, end: str, now: datetime) -> str:
    """Give a member a new membership number; the old one finds nobody any more.

    Raises:
        StatusForbids: the member is erased or merged.
    """
    with transaction.atomic():
        number = identity.replace_card(member=member, end=end, now=now)
        audit.record(
            programme=member.programme,
            actor=staff,
            action=CARD_REPLACED,
            now=now,
            member_id=member.public_id,
            data={"end": end},
        )
    return number


def end_identifier(
    *, identifier: Identifier, staff: Staff, end: str, reason: str, now: datetime
) -> None:
    """Let something find its member no more.

    Raises:
        StatusForbids: the member is erased or merged.
    """
    with transaction.atomic():
        identity.end_identifier(identifier=identifier, end=end, now=now)
        audit.record(
            programme=identifier.programme,
            actor=staff,
            action=IDENTIFIER_ENDED,
            now=now,
            member_id=identifier.member.public_id,
            subject=str(identifier.public_id),
            reason=reason,
            data={"identifier": identifier.kind, "end": end},
        )


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
