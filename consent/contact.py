"""How often and when members are written to: the club's bounds and the member's own."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from common import blind
from consent import kinds
from consent.models import (
    Channel,
    Contact,
    ContactPolicy,
    ContactPreference,
    Suppression,
)
from members import events
from members.models import Member
from stores import audit
from stores.models import Programme, Staff

POLICY_FIELDS = (
    "quiet_from",
    "quiet_until",
    "per_week",
    "per_month",
    "gap_hours",
    "surveys_per_year",
    "youngest_years",
    "profiling_from_years",
)
_INDEX_KINDS = {Channel.SMS: "phone", Channel.EMAIL: "email"}


def policy_of(programme: Programme) -> ContactPolicy:
    """Return a club's bounds; the defaults where it has not set its own."""
    found = ContactPolicy.objects.filter(programme=programme).first()
    return found or ContactPolicy(programme=programme)


def set_policy(
    *, programme: Programme, staff: Staff, now: datetime, **changes: Any
) -> ContactPolicy:
    """Change a club's bounds.

    Raises:
        TypeError: there is no such bound.
    """
    unknown = set(changes) - set(POLICY_FIELDS)
    if unknown:
        message = f"no bound on contacts: {', '.join(sorted(unknown))}"
        raise TypeError(message)
    with transaction.atomic():
        policy, _is_new = ContactPolicy.objects.select_for_update().get_or_create(
            programme=programme, defaults={"changed_at": now}
        )
        before = {name: str(getattr(policy, name)) for name in changes}
        for name, value in changes.items():
            setattr(policy, name, value)
        policy.changed_at = now
        policy.changed_by = staff
        policy.save()
        audit.record(
            programme=programme,
            actor=staff,
            action=kinds.POLICY_CHANGED,
            now=now,
            data={"before": before, "after": {k: str(v) for k, v in changes.items()}},
        )
    return policy


def preference_of(member: Member) -> ContactPreference:
    """Return a member's own wishes; none is none."""
    found = ContactPreference.objects.filter(member=member).first()
    return found or ContactPreference(member=member)


def set_weekly_limit(
    *, member: Member, per_week: int | None, now: datetime
) -> ContactPreference:
    """Keep a member's wish: at most so many offers and surveys in seven days.

    None leaves it to the club's bounds, zero is silence.
    """
    return _wish(member, now, kinds.LIMIT_WISHED, per_week=per_week)


def snooze(
    *, member: Member, until: datetime | None, now: datetime
) -> ContactPreference:
    """Leave a member alone until a moment; None ends the silence."""
    return _wish(member, now, kinds.SNOOZED, snoozed_until=until)


def restrict(*, member: Member, is_restricted: bool, now: datetime) -> None:
    """Restrict what is done with a member's data while a dispute is open (art. 18)."""
    _wish(
        member,
        now,
        kinds.RESTRICTED,
        restricted_at=now if is_restricted else None,
    )


def suppress(
    *,
    programme: Programme,
    channel: str,
    address: str,
    reach: str,
    reason: str,
    now: datetime,
) -> Suppression:
    """Write to an address no more; kept as a keyed hash, also after erasure.

    A wider reach replaces a narrower one; a narrower one changes nothing.
    """
    index = address_index(channel, address)
    with transaction.atomic():
        found, is_new = Suppression.objects.select_for_update().get_or_create(
            programme=programme,
            channel=channel,
            contact_index=index,
            lifted_at=None,
            defaults={"reach": reach, "reason": reason, "at": now},
        )
        if not is_new and reach == Suppression.Reach.ALL:
            found.reach = reach
            found.save(update_fields=["reach"])
    return found


def lift_suppression(*, suppression: Suppression, now: datetime) -> None:
    """Let an address be written to again, as far as its member allows it."""
    Suppression.objects.filter(pk=suppression.pk, lifted_at=None).update(lifted_at=now)


def find_suppression(
    *, programme: Programme, channel: str, address: str
) -> Suppression | None:
    """Return what keeps an address from being written to, or None."""
    return Suppression.objects.filter(
        programme=programme,
        channel=channel,
        contact_index=address_index(channel, address),
        lifted_at=None,
    ).first()


def address_index(channel: str, address: str) -> bytes:
    """Return the keyed hash of a number in E.164 or of an e-mail address."""
    return blind.index(_INDEX_KINDS[Channel(channel)], address)


def note_contact(
    *, member: Member, kind: str, channel: str, message_id: UUID, at: datetime
) -> None:
    """Count a message that went out; the same message once."""
    Contact.objects.bulk_create(
        [
            Contact(
                member=member, kind=kind, channel=channel, message_id=message_id, at=at
            )
        ],
        ignore_conflicts=True,
    )


def forget_contact(*, message_id: UUID) -> None:
    """Uncount a message that certainly did not go out."""
    Contact.objects.filter(message_id=message_id).delete()


def _wish(
    member: Member, now: datetime, kind: str, **wishes: object
) -> ContactPreference:
    with transaction.atomic():
        preference, _is_new = ContactPreference.objects.update_or_create(
            member=member, defaults={**wishes, "changed_at": now}
        )
        data = {
            name: wish.isoformat() if isinstance(wish, datetime) else wish
            for name, wish in wishes.items()
        }
        events.record(member_id=member.pk, kind=kind, at=now, now=now, data=data)
    return preference
