"""How often and when members are written to: the club's bounds and the member's own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from common import blind
from consent import kinds, rules
from consent.models import (
    Channel,
    Contact,
    ContactPolicy,
    ContactPreference,
    Suppression,
    Topic,
    TopicWish,
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
_INDEX_KINDS = {Channel.SMS: "phone", Channel.PHONE: "phone", Channel.EMAIL: "email"}


class AgeBelowLaw(ValueError):
    """Raised for a youngest age below the law's; `least` is the law's."""

    def __init__(self, least: int) -> None:
        super().__init__(f"the law's least age is {least}")
        self.least = least


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
        AgeBelowLaw: members would be younger than the law of the club's country lets
            consent online.
    """
    unknown = set(changes) - set(POLICY_FIELDS)
    if unknown:
        message = f"no bound on contacts: {', '.join(sorted(unknown))}"
        raise TypeError(message)
    least = rules.least_age(programme.country)
    if changes.get("youngest_years", least) < least:
        raise AgeBelowLaw(least)
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


def set_topic_wish(
    *, member: Member, topic: Topic, wish: str | None, now: datetime
) -> TopicWish | None:
    """Keep that a member wants a subject, or does not; None takes the wish back.

    Raises:
        ValueError: there is no such wish, a diet would be wanted, or the topic is
            another club's.
    """
    if wish is not None and (
        topic.kind == Topic.Kind.DIET
        and TopicWish.Wish(wish) != TopicWish.Wish.UNWANTED
    ):
        message = "diets and allergies only exclude"
        raise ValueError(message)
    if topic.programme_id != member.programme_id:
        message = "the topic is another club's"
        raise ValueError(message)
    with transaction.atomic():
        # Locked, so that two taps are one act.
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        found = TopicWish.objects.filter(member=member, topic=topic).first()
        if (found.wish if found else None) == wish:
            return found
        if wish is None:
            TopicWish.objects.filter(member=member, topic=topic).delete()
            kept = None
        else:
            kept, _is_new = TopicWish.objects.update_or_create(
                member=member,
                topic=topic,
                defaults={"wish": TopicWish.Wish(wish), "at": now},
            )
        events.record(member_id=member.pk, kind=kinds.TOPIC_WISHED, at=now, now=now)
    return kept


def topics_of(member: Member) -> list[tuple[Topic, str | None]]:
    """Return the club's subjects in their order, each with the member's wish.

    Of retired ones only those that the member once said something of.
    """
    wishes = dict(
        TopicWish.objects.filter(member=member).values_list("topic_id", "wish")
    )
    topics = Topic.objects.filter(programme_id=member.programme_id)
    return [
        (topic, wishes.get(topic.pk))
        for topic in topics.order_by("kind", "position", "pk")
        if topic.retired_at is None or topic.pk in wishes
    ]


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

    A wider reach replaces a narrower one, which stays on record as lifted then; a
    narrower one changes nothing.
    """
    address_of = {
        "programme": programme,
        "channel": channel,
        "contact_index": address_index(channel, address),
    }
    mark = _mark(address)
    row = {"reach": reach, "reason": reason, "at": now, "mark": mark}
    with transaction.atomic():
        found, is_new = Suppression.objects.select_for_update().get_or_create(
            **address_of, lifted_at=None, defaults=row
        )
        wider = reach == Suppression.Reach.ALL and found.reach != reach
        if not is_new and wider:
            found.lifted_at = now
            found.save(update_fields=["lifted_at"])
            found = Suppression.objects.create(**address_of, **row)
        elif found.mark is None:
            found.mark = mark
            found.save(update_fields=["mark"])
    return found


def lift_suppression(*, suppression: Suppression, now: datetime) -> None:
    """Let an address be written to again, as far as its member allows it."""
    Suppression.objects.filter(pk=suppression.pk, lifted_at=None).update(lifted_at=now)


def forget_erased(*, member: Member, channel: str, now: datetime) -> None:
    """Take a member's address off the list on which an erasure put it.

    For who comes back and says yes by themselves: an import never gets here.
    """
    address = {Channel.SMS: member.phone, Channel.EMAIL: member.email}.get(
        Channel(channel)
    )
    if address:
        Suppression.objects.filter(
            programme=member.programme,
            channel=channel,
            contact_index=address_index(channel, address.lower()),
            reason=Suppression.Reason.ERASED,
            lifted_at=None,
        ).update(lifted_at=now)


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


def _mark(address: str) -> int:
    """Return the mark that the gate finds an address by, as the database makes it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT consent_mark(%s, %s)", [blind.folded(address), blind.seed()]
        )
        return int(cursor.fetchone()[0])


def address_index(channel: str, address: str) -> bytes:
    """Return the keyed hash of a number in E.164 or of an e-mail address."""
    return blind.index(_INDEX_KINDS[Channel(channel)], address)


def note_contact(
    *, member: Member, kind: str, channel: str, message_id: UUID, at: datetime
) -> None:
    """Count a message that went out; the same message once."""
    note_contacts(
        [
            Contact(
                member=member, kind=kind, channel=channel, message_id=message_id, at=at
            )
        ]
    )


def note_contacts(contacts: Iterable[Contact]) -> None:
    """Count messages that go out; the same message once."""
    Contact.objects.bulk_create(contacts, ignore_conflicts=True)


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
