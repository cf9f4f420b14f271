"""What held for a member at a past instant, read from rows that are never changed."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from consent import contact, rules
from consent.history.then import Bounds, Question, Standing, Then, Words
from consent.models import (
    Channel,
    ConsentEntry,
    Contact,
    ContactPolicy,
    ContactPolicyChange,
    ContactPreferenceChange,
    Erasure,
    Suppression,
)
from members import kinds
from members.models import Event, Identifier, Member, Merge

_YEAR = timedelta(days=365)
_STATUS_OF = {
    kinds.REGISTERED: Member.Status.PENDING,
    kinds.ACTIVATED: Member.Status.ACTIVE,
    kinds.LEFT: Member.Status.LEFT,
}
_IDENTIFIERS = {
    Channel.SMS: Identifier.Kind.PHONE,
    Channel.PHONE: Identifier.Kind.PHONE,
    Channel.EMAIL: Identifier.Kind.EMAIL,
}


def gather(member: Member, asked: Question, *, but: UUID | None) -> Then:
    """Read what held for a member at the instant of a question."""
    at = asked.at
    programme = member.programme
    knows, address, address_since = _address(member, asked.channel, at)
    bounds, bounds_since = _bounds(member, at)
    wish = _latest(ContactPreferenceChange.objects.filter(member=member), at)
    entries = _held(ConsentEntry, member, at).select_related("text")
    return Then(
        standing=standing_of(member, at),
        knows_address=knows,
        address=address,
        address_since=address_since,
        suppression=_suppression(member, asked.channel, address, at),
        born_on=member.birthday_on,
        on_record=_last_words(entries.filter(recorded_at__lte=at)),
        said=_last_words(entries.filter(at__lte=at)),
        wishes=wish.wishes if wish else {},
        wished_at=wish.valid_from if wish else None,
        bounds=bounds,
        bounds_since=bounds_since,
        contacts=tuple(
            _held(Contact, member, at)
            .filter(at__lte=at, at__gt=at - _YEAR)
            .exclude(message_id=but)
            .order_by("-at")
            .values_list("kind", "at")
        ),
        zone=programme.zone,
        by_law=rules.least_age(programme.country),
    )


def standing_of(member: Member, at: datetime) -> Standing:
    """Return a member's status at an instant."""
    erased = Erasure.objects.filter(member_id=member.public_id).first()
    if erased is not None and erased.at <= at:
        return Standing(Member.Status.ERASED, erased.at)
    merges = _merges(at)
    merged = merges.filter(merged=member).order_by("-at").first()
    if merged is not None:
        return Standing(Member.Status.MERGED, merged.at)
    if member.status == Member.Status.ERASED:
        # Its events are gone with it; a row without a tombstone was erased earlier.
        return Standing(None if erased else Member.Status.ERASED, None)
    if at < member.registered_at:
        return Standing(None, None) if member.merged_into_id else _NOT_YET
    standing = _by_events(member, at) or _by_columns(member, at)
    for merge in merges.filter(kept=member).order_by("at"):
        theirs = _by_events(merge.merged, merge.at) or _by_columns(
            merge.merged, merge.at
        )
        # Who waits or has left gets the membership that is merged into theirs.
        if (
            standing.since is not None
            and standing.since <= merge.at
            and standing.status in {Member.Status.PENDING, Member.Status.LEFT}
            and theirs.status == Member.Status.ACTIVE
        ):
            standing = Standing(Member.Status.ACTIVE, merge.at)
    if member.status == Member.Status.BLOCKED:
        # Nothing tells since when.
        return Standing(Member.Status.BLOCKED, None)
    return standing


# As the gate answers for somebody who is not in the database.
_NOT_YET = Standing(Member.Status.ERASED, None)


def _by_events(member: Member, at: datetime) -> Standing | None:
    # Events that a merge handed on tell of the other membership.
    moved_in = _moved(Event, Merge.objects.filter(kept=member, undone_at=None))
    moved_out = _moved(Event, Merge.objects.filter(merged=member, undone_at=None))
    own = Q(member=member) & ~Q(pk__in=moved_in) | Q(pk__in=moved_out)
    events = Event.objects.filter(own, kind__in=_STATUS_OF)
    event = events.filter(at__lte=at).order_by("-at", "-pk").first()
    if event is not None:
        return Standing(_STATUS_OF[event.kind], event.at)
    # Who came without events: what happened next tells what was before.
    after = events.filter(at__gt=at).order_by("at", "pk").first()
    if after is None or after.kind == kinds.REGISTERED:
        return None
    if after.kind == kinds.LEFT:
        return Standing(Member.Status.ACTIVE, None)
    again = after.data.get("again")
    return Standing(Member.Status.LEFT if again else Member.Status.PENDING, None)


def _by_columns(member: Member, at: datetime) -> Standing:
    """Tell by the times that the row keeps, for who came without events."""
    if member.left_at is not None and member.left_at <= at:
        return Standing(Member.Status.LEFT, member.left_at)
    if member.activated_at is not None and member.activated_at <= at:
        return Standing(Member.Status.ACTIVE, member.activated_at)
    return Standing(Member.Status.PENDING, member.registered_at)


def _address(
    member: Member, channel: str, at: datetime
) -> tuple[bool, str, datetime | None]:
    """Return whether the address of then is known, what it was, and since when."""
    kind = _IDENTIFIERS.get(Channel(channel))
    if kind is None:
        return True, "", None
    if member.status == Member.Status.ERASED:
        return False, "", None
    live = list(
        _held(Identifier, member, at)
        .filter(kind=kind, added_at__lte=at)
        .filter(Q(ended_at=None) | Q(ended_at__gt=at))
        .order_by("-added_at", "-pk")
    )
    if not live:
        return True, "", None
    current = member.phone if kind == Identifier.Kind.PHONE else member.email.lower()
    # Of several the one in use now if it was there, else the one that came last.
    used = next((each for each in live if each.value == current), live[0])
    return True, used.value, used.added_at


def _suppression(
    member: Member, channel: str, address: str, at: datetime
) -> Suppression | None:
    if not address:
        return None
    return (
        Suppression.objects.filter(
            programme_id=member.programme_id,
            channel=channel,
            contact_index=contact.address_index(channel, address),
            at__lte=at,
        )
        .filter(Q(lifted_at=None) | Q(lifted_at__gt=at))
        .order_by("-at")
        .first()
    )


def _bounds(member: Member, at: datetime) -> tuple[Bounds, datetime | None]:
    changes = ContactPolicyChange.objects.filter(programme_id=member.programme_id)
    change = _latest(changes, at)
    kept: dict[str, Any] = change.bounds if change else {}
    # What the club has not set is as a new row would have it.
    unset = ContactPolicy()
    values: dict[str, Any] = {}
    for name in Bounds._fields:
        value = kept.get(name, getattr(unset, name))
        values[name] = time.fromisoformat(value) if isinstance(value, str) else value
    return Bounds(**values), change.valid_from if change else None


def _latest(changes: models.QuerySet[Any], at: datetime) -> Any:
    return changes.filter(valid_from__lte=at).order_by("-valid_from", "-pk").first()


def _last_words(entries: Iterable[ConsentEntry]) -> Words:
    words: Words = {}
    for entry in sorted(entries, key=lambda each: (each.at, each.pk)):
        words[entry.purpose, entry.channel] = entry
    return words


def _held(
    model: type[models.Model], member: Member, at: datetime
) -> models.QuerySet[Any]:
    """Return the rows that were a member's at an instant, whoever has them now."""
    standing = Merge.objects.filter(undone_at=None)
    parted = Merge.objects.filter(undone_at__isnull=False)
    # Merges that came later, and those that stood then and were undone since.
    later, stood = (
        standing.filter(at__gt=at),
        parted.filter(at__lte=at, undone_at__gt=at),
    )
    got = _moved(model, later.filter(merged=member)) | _moved(
        model, stood.filter(kept=member)
    )
    without = _moved(model, later.filter(kept=member)) | _moved(
        model, stood.filter(merged=member)
    )
    return model._base_manager.filter(
        Q(member=member) & ~Q(pk__in=without) | Q(pk__in=got)
    )


def _merges(at: datetime) -> models.QuerySet[Merge]:
    return Merge.objects.filter(
        Q(undone_at=None) | Q(undone_at__gt=at), at__lte=at
    ).select_related("merged")


def _moved(model: type[models.Model], merges: models.QuerySet[Merge]) -> set[int]:
    label = model._meta.label
    return {
        key
        for moved in merges.values_list("moved", flat=True)
        for key in moved.get(label, [])
    }
