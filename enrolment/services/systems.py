"""Register who another system of the chain knows: new, the same, or a conflict.

Never silently one for another: what points to two members, or contradicts what is known
of one, is refused with the names of the fields and nothing of what they hold.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from enrolment.models import Registration
from enrolment.services.beginning import begin_new
from enrolment.services.errors import NotPending, TooSoon
from enrolment.services.links import resend_link
from members import identity
from members import services as members
from members.models import Identifier, Member
from members.selectors import find_holder
from messaging.services import SmsRefused
from stores.models import Programme, Store

_ATTEMPTS = 4
_DETAILS = ("first_name", "last_name", "birthday_on", "postcode")


class BelongsToSeveral(Exception):
    """Raised when what was sent belongs to several members: `fields` by whose they are.

    The numbers say which fields belong to the same one, and nothing else.
    """

    def __init__(self, fields: Mapping[str, int]) -> None:
        super().__init__(", ".join(fields))
        self.fields = dict(fields)


class Contradicts(Exception):
    """Raised when the member is known otherwise: `fields` says in what."""

    def __init__(self, fields: list[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Person:
    """Whom another system knows, with values as they are stored; empty: not sent."""

    phone: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    birthday_on: date | None = None
    postcode: str = ""
    language: str = ""
    external_system: str = ""
    external_id: str = ""
    details: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        details = {
            name: getattr(self, name) for name in _DETAILS if getattr(self, name)
        }
        object.__setattr__(self, "details", details)


@dataclass(frozen=True, slots=True)
class FromSystem:
    """What came of it; `link_sent` tells that the person has an open link now."""

    member: Member
    is_new: bool
    link_sent: bool


class _RaceLost(Exception):
    """Raised when somebody else registered the same person meanwhile."""


def register_from_system(
    *,
    programme: Programme,
    person: Person,
    store: Store | None,
    send_link: bool,
    now: datetime,
) -> FromSystem:
    """Register a person, or find that they are known and nothing contradicts it.

    A known member keeps number and address; only another system's id is added, and to
    somebody who has not finished what was empty. A new external id finds the member.

    Raises:
        BelongsToSeveral: number, address and id are not all one member's.
        Contradicts: the member is known otherwise.
        SmsRefused: no SMS goes to numbers of that country.
        ContactMissing: there is neither number nor address.
    """
    for _attempt in range(_ATTEMPTS):
        with suppress(_RaceLost):
            with transaction.atomic():
                known = _find(programme, person)
                if known is None:
                    member = _register(programme, person, store, now)
                else:
                    member = _complete(known, person, now)
                sent = send_link and _send(member, store, now)
            return FromSystem(member, is_new=known is None, link_sent=sent)
    message = "the same person was registered again and again meanwhile"
    raise RuntimeError(message)


def _find(programme: Programme, person: Person) -> Member | None:
    kinds = Identifier.Kind
    shown = {
        "phone": (kinds.PHONE, person.phone, ""),
        "email": (kinds.EMAIL, person.email, ""),
        "external_id": (kinds.EXTERNAL, person.external_id, person.external_system),
    }
    found = {
        name: holder
        for name, (kind, value, system) in shown.items()
        if value
        and (
            holder := find_holder(
                programme=programme, kind=kind, value=value, system=system
            )
        )
    }
    different = list(dict.fromkeys(holder.pk for holder in found.values()))
    if len(different) > 1:
        raise BelongsToSeveral(
            {name: different.index(holder.pk) for name, holder in found.items()}
        )
    return next(iter(found.values()), None)


def _register(
    programme: Programme, person: Person, store: Store | None, now: datetime
) -> Member:
    try:
        member = begin_new(
            programme=programme,
            phone=person.phone,
            email=person.email,
            way=Registration.Way.API,
            store=store,
            placement=person.external_system,
            language=person.language or programme.language,
            now=now,
        )
    except members.MemberExists:
        raise _RaceLost from None
    if person.details:
        members.update_member(member=member, now=now, **person.details)
    _add_external_id(member, person, now)
    member.refresh_from_db()
    return member


def _complete(known: Member, person: Person, now: datetime) -> Member:
    # Locked, so that what is compared is what stays.
    member = Member.objects.select_for_update(of=("self",)).get(pk=known.pk)
    if member.status in {Member.Status.ERASED, Member.Status.MERGED}:
        raise _RaceLost
    differing = _differences(member, person)
    if differing:
        raise Contradicts(differing)
    if member.status == Member.Status.PENDING:
        missing = {
            name: value
            for name, value in person.details.items()
            if not getattr(member, name)
        }
        if missing:
            members.update_member(member=member, now=now, **missing)
    _add_external_id(member, person, now)
    member.refresh_from_db()
    return member


def _differences(member: Member, person: Person) -> list[str]:
    # A number or address that the member does not have is one too: it would be a way
    # into the account that the member never gave.
    differing = [
        name
        for name in ("phone", "email")
        if getattr(person, name)
        and getattr(member, name).lower() != getattr(person, name)
    ]
    differing += [
        name
        for name, value in person.details.items()
        if getattr(member, name) and _plain(getattr(member, name)) != _plain(value)
    ]
    if person.external_id:
        others = Identifier.objects.filter(
            member=member,
            kind=Identifier.Kind.EXTERNAL,
            system=person.external_system,
            ended_at=None,
        ).exclude(value=person.external_id)
        if others.exists():
            differing.append("external_id")
    return differing


def _plain(value: Any) -> Any:
    """Return a value as it is compared: names without regard to capitals and spaces."""
    return "".join(value.split()).casefold() if isinstance(value, str) else value


def _add_external_id(member: Member, person: Person, now: datetime) -> None:
    if not person.external_id:
        return
    try:
        identity.add_identifier(
            member=member,
            kind=Identifier.Kind.EXTERNAL,
            system=person.external_system,
            value=person.external_id,
            proof=Identifier.Proof.SYSTEM,
            now=now,
        )
    except members.MemberExists:
        # Somebody got the id meanwhile: looked at anew.
        raise _RaceLost from None


def _send(member: Member, store: Store | None, now: datetime) -> bool:
    """Send the link if the person has something to finish and a message may go."""
    try:
        # A savepoint: a refused message leaves the registration.
        with transaction.atomic():
            resend_link(member=member, store=store, way=Registration.Way.API, now=now)
    except TooSoon:
        return True
    except (NotPending, SmsRefused):
        return False
    return True
