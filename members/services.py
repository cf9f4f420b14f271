"""Registering members, and keeping what we know of them right."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from members import cards, events, kinds, phones, selectors
from members.models import Identifier, Member
from stores.models import Programme, Store

# A collision of ten random digits is rare, and eight in a row a broken generator.
_NUMBER_TRIES = 8
_UPDATABLE = (
    "phone",
    "email",
    "first_name",
    "last_name",
    "birthday_on",
    "postcode",
    "language",
    "home_store",
)


class MemberExists(Exception):
    """Raised when the number or address belongs to a member already: `member`."""

    def __init__(self, member: Member) -> None:
        super().__init__(str(member.public_id))
        self.member = member


class ContactMissing(Exception):
    """Raised when a member would have neither mobile number nor e-mail."""


class EmailInvalid(ValidationError):
    """Raised for what is no e-mail address."""


class StatusForbids(Exception):
    """Raised when a member's status does not allow the step: `member`."""

    def __init__(self, member: Member) -> None:
        super().__init__(f"{member.public_id} is {member.status}")
        self.member = member


def register_member(
    *,
    programme: Programme,
    phone: str = "",
    email: str = "",
    source: str,
    store: Store | None = None,
    language: str,
    now: datetime,
) -> Member:
    """Register a pending member by mobile number, e-mail, or both.

    Raises:
        MemberExists: one of them belongs to a member; also when two tills register
            the same number at once, for the one that comes second.
        ContactMissing: neither was given.
        PhoneInvalid: it is no mobile number.
        EmailInvalid: it is no e-mail address.
    """
    if phone:
        phone = phones.normalize(phone, country=programme.country)
    email = clean_email(email)
    if not phone and not email:
        raise ContactMissing
    _refuse_taken(programme, phone, email)
    fields = {
        "programme": programme,
        "phone": phone,
        "email": email,
        "source": source,
        "language": language,
        "registered_store": store,
        "home_store": store,
        "registered_at": now,
    }
    with transaction.atomic():
        member = _create(programme, fields)
        events.record(
            member_id=member.pk,
            kind=kinds.REGISTERED,
            at=now,
            now=now,
            data={"source": source} | ({"store_name": store.name} if store else {}),
            subject_type="store" if store else "",
            subject_id=store.public_id if store else None,
        )
    return member


def activate_member(
    *,
    member: Member,
    first_name: str,
    last_name: str,
    email: str,
    language: str,
    birthday_on: date | None = None,
    home_store: Store | None = None,
    phone_verified: bool = False,
    now: datetime,
) -> Member:
    """Make a pending member active with the details they gave, or one who left again.

    `phone_verified` says that they came by a link or code sent to their number. Active
    members stay as they are.

    Raises:
        MemberExists: the e-mail belongs to another member.
        StatusForbids: blocked or erased.
        EmailInvalid: it is no e-mail address.
    """
    email = clean_email(email)
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=member.pk)
        if member.status == Member.Status.ACTIVE:
            return member
        if member.status not in {Member.Status.PENDING, Member.Status.LEFT}:
            raise StatusForbids(member)
        again = member.status == Member.Status.LEFT
        old = _contacts(member)
        member.status = Member.Status.ACTIVE
        member.first_name = _clean_name(first_name)
        member.last_name = _clean_name(last_name)
        member.email = email
        member.language = language
        member.birthday_on = birthday_on
        member.home_store = home_store or member.home_store
        member.activated_at = now
        member.left_at = None
        if phone_verified and member.phone:
            member.phone_verified_at = now
        _save(member)
        _end_replaced(member, old, now)
        events.record(
            member_id=member.pk,
            kind=kinds.ACTIVATED,
            at=now,
            now=now,
            data={"again": True} if again else {},
        )
    return member


def update_member(*, member: Member, now: datetime, **changes: Any) -> list[str]:
    """Change a member's details; return the names of those that were changed.

    Takes phone, email, first_name, last_name, birthday_on, postcode, language and
    home_store. A new
    number or address is unproven until its owner answers from it.

    Raises:
        MemberExists: the number or e-mail belongs to another member.
        StatusForbids: the member is erased.
        ContactMissing: nothing would be left to reach them by.
        PhoneInvalid: it is no mobile number.
        EmailInvalid: it is no e-mail address.
        TypeError: there is no such detail.
    """
    unknown = set(changes) - set(_UPDATABLE)
    if unknown:
        message = f"no details of a member: {', '.join(sorted(unknown))}"
        raise TypeError(message)
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=member.pk)
        if member.status in {Member.Status.ERASED, Member.Status.MERGED}:
            raise StatusForbids(member)
        old = _contacts(member)
        changed = _apply(member, _cleaned(member, changes))
        if not changed:
            return []
        if not member.phone and not member.email:
            raise ContactMissing
        _save(member)
        _end_replaced(member, old, now)
        events.record(
            member_id=member.pk,
            kind=kinds.UPDATED,
            at=now,
            now=now,
            data={"fields": changed},
        )
    return changed


def leave(*, member: Member, now: datetime) -> Member:
    """End a membership at the member's wish; asking twice changes nothing.

    Raises:
        StatusForbids: blocked or erased.
    """
    with transaction.atomic():
        member = Member.objects.select_for_update().get(pk=member.pk)
        if member.status == Member.Status.LEFT:
            return member
        if member.status not in {Member.Status.PENDING, Member.Status.ACTIVE}:
            raise StatusForbids(member)
        member.status = Member.Status.LEFT
        member.left_at = now
        member.save(update_fields=["status", "left_at"])
        events.record(member_id=member.pk, kind=kinds.LEFT, at=now, now=now)
    return member


def clean_email(typed: str) -> str:
    """Return an address as it is stored: trimmed and in lower case.

    Raises:
        EmailInvalid: it is no e-mail address.
    """
    email = typed.strip().lower()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise EmailInvalid(error.messages, code="email_invalid") from None
    return email


def _create(programme: Programme, fields: dict[str, Any]) -> Member:
    """Insert a member, drawing another number when one is taken."""
    for _try in range(_NUMBER_TRIES):
        number = cards.new_number()
        try:
            # A savepoint, so that the caller's transaction survives a collision.
            with transaction.atomic():
                return Member.objects.create(number=number, **fields)
        except IntegrityError:
            # Another till was first, or the membership number is taken.
            _refuse_taken(programme, fields["phone"], fields["email"])
            if selectors.find_by_number(programme=programme, number=number) is None:
                raise
    message = "no free membership number was found"
    raise RuntimeError(message)


def _save(member: Member) -> None:
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError:
        _refuse_taken(member.programme, member.phone, member.email, but=member)
        raise


def _contacts(member: Member) -> dict[str, str]:
    return {"PHONE": member.phone, "EMAIL": member.email.lower()}


def _end_replaced(member: Member, old: dict[str, str], now: datetime) -> None:
    """Let what was a member's number or address find them no more."""
    current = _contacts(member)
    for kind, value in old.items():
        if value and value != current[kind]:
            Identifier.objects.filter(
                member=member, kind=kind, value=value, ended_at=None
            ).update(ended_at=now, end=Identifier.End.CHANGED)


def _refuse_taken(
    programme: Programme, phone: str, email: str, *, but: Member | None = None
) -> None:
    for kind, value in (("PHONE", phone), ("EMAIL", email)):
        found = selectors.find_holder(programme=programme, kind=kind, value=value)
        if found is not None and found != but:
            raise MemberExists(found)


def _cleaned(member: Member, changes: dict[str, Any]) -> dict[str, Any]:
    cleaned = dict(changes)
    if cleaned.get("phone"):
        cleaned["phone"] = phones.normalize(
            cleaned["phone"], country=member.programme.country
        )
    if "email" in cleaned:
        cleaned["email"] = clean_email(cleaned["email"])
    for name in ("first_name", "last_name"):
        if name in cleaned:
            cleaned[name] = _clean_name(cleaned[name])
    return cleaned


def _apply(member: Member, changes: dict[str, Any]) -> list[str]:
    changed = []
    for name in _UPDATABLE:
        if name in changes and getattr(member, name) != changes[name]:
            setattr(member, name, changes[name])
            changed.append(name)
    if "phone" in changed:
        member.phone_verified_at = None
    if "email" in changed:
        member.email_verified_at = None
    return changed


def _clean_name(typed: str) -> str:
    return " ".join(typed.split())
