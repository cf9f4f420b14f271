"""Begin a registration: the same pending member and the same evidence, however."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from enrolment.models import Registration
from members import phones
from members import services as members
from members.models import Member
from messaging import limits
from stores.models import Programme, Staff, Store, TillDevice

Way = Registration.Way

_SOURCES = {
    Way.TILL: Member.Source.TILL,
    Way.SMS: Member.Source.SMS,
    Way.POSTER: Member.Source.WEB,
    Way.WEB: Member.Source.WEB,
    Way.API: Member.Source.API,
    Way.IMPORT: Member.Source.IMPORT,
}
_PLACEMENT_LENGTH = 40
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Began:
    """A member and the registration that is open, None where nothing is to finish."""

    member: Member
    registration: Registration | None
    is_new: bool


def begin(
    *,
    programme: Programme,
    phone: str = "",
    email: str = "",
    way: str,
    store: Store | None = None,
    device: TillDevice | None = None,
    staff: Staff | None = None,
    placement: str = "",
    language: str,
    now: datetime,
) -> Began:
    """Register a number or address as a pending member; nothing is sent.

    A known one gives its member: who has not finished goes on with the registration
    that is open, and who has left begins another.

    Raises:
        PhoneInvalid: it is no mobile number.
        EmailInvalid: it is no e-mail address.
        ContactMissing: neither was given.
        SmsRefused: no SMS goes to numbers of that country.
    """
    phone = _sendable(programme, phone)
    with transaction.atomic():
        member, is_new = _find_or_register(
            programme=programme,
            phone=phone,
            email=email,
            source=_SOURCES[Way(way)],
            store=store,
            language=language,
            now=now,
        )
        registration = open_registration(
            member=member,
            way=way,
            store=store,
            device=device,
            staff=staff,
            placement=placement,
            now=now,
        )
    return Began(member, registration, is_new)


def begin_new(
    *,
    programme: Programme,
    phone: str,
    email: str,
    way: str,
    store: Store | None,
    placement: str,
    language: str,
    now: datetime,
) -> Member:
    """Register somebody who is not known, or nobody.

    Raises:
        MemberExists: the number or address is a member's; nothing is locked then.
        SmsRefused, and the others of `begin`.
    """
    phone = _sendable(programme, phone)
    with transaction.atomic():
        member = members.register_member(
            programme=programme,
            phone=phone,
            email=email,
            source=_SOURCES[Way(way)],
            store=store,
            language=language,
            now=now,
        )
        open_registration(
            member=member, way=way, store=store, placement=placement, now=now
        )
    return member


def _sendable(programme: Programme, phone: str) -> str:
    """Return a number in E.164, if SMS go to its country; nothing stays nothing."""
    if phone:
        phone = phones.normalize(phone, country=programme.country)
        limits.refuse_number(programme, phone)
    return phone


def _find_or_register(**details: Any) -> tuple[Member, bool]:
    """Return the member who has a number or address, locked, and whether they are new.

    Somebody who had it may be erased or merged while we wait for the row: then it is
    free, or another's, and is tried again.
    """
    for _try in range(_TRIES):
        try:
            return members.register_member(**details), True
        except members.MemberExists as known:
            member = lock_member(known.member)
            if member.status not in {Member.Status.ERASED, Member.Status.MERGED}:
                return member, False
    message = "the number changed hands again and again"
    raise RuntimeError(message)


def open_registration(
    *,
    member: Member,
    way: str,
    store: Store | None = None,
    device: TillDevice | None = None,
    staff: Staff | None = None,
    placement: str = "",
    now: datetime,
) -> Registration | None:
    """Return the open registration of a locked member, begun now if there is none.

    None for a member who has nothing to finish.
    """
    if not can_finish(member):
        return None
    found = find_open(member)
    if found is not None:
        return found
    return Registration.objects.create(
        programme=member.programme,
        member=member,
        way=way,
        store=store,
        device=device,
        staff=staff,
        placement=" ".join(placement.split())[:_PLACEMENT_LENGTH],
        is_return=member.status == Member.Status.LEFT,
        started_at=now,
    )


def find_open(member: Member) -> Registration | None:
    """Return the registration that a member has not finished, or None."""
    return Registration.objects.filter(
        member=member, outcome=Registration.Outcome.OPEN
    ).first()


def can_finish(member: Member) -> bool:
    """Tell whether a member has something to finish: not yet, or not any more, in."""
    return member.status in {Member.Status.PENDING, Member.Status.LEFT}


def lock_member(member: Member) -> Member:
    """Return the member with the row locked, and the programme at hand."""
    return (
        Member.objects.select_for_update(of=("self",))
        .select_related("programme", "home_store")
        .get(pk=member.pk)
    )
