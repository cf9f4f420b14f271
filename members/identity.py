"""What members are known by: numbers, addresses, cards, and ids of other systems.

One that is neither the member's current contact nor proven finds nobody: otherwise
whoever enters a stranger's number would read the stranger's receipts.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from members import cards, events, kinds, phones, selectors
from members.models import Identifier, Member
from members.services import MemberExists, StatusForbids, clean_email
from stores.models import Programme

Kind, Proof, End = Identifier.Kind, Identifier.Proof, Identifier.End

_LONGEST = {Kind.CARD: 32, Kind.EXTERNAL: 128}
_NUMBER_TRIES = 8


class IdentifierInvalid(ValueError):
    """Raised for what cannot be a card's number or another system's id."""


def clean_value(kind: str, value: str, *, country: str) -> str:
    """Return an identifier's value as it is stored.

    Raises:
        PhoneInvalid: it is no mobile number.
        EmailInvalid: it is no e-mail address.
        IdentifierInvalid: it is empty, too long or not printable.
    """
    if kind == Kind.PHONE:
        return phones.normalize(value, country=country)
    if kind == Kind.EMAIL:
        cleaned = clean_email(value)
    else:
        cleaned = value.strip()
        if kind == Kind.CARD:
            cleaned = "".join(cleaned.split()).upper()
        if len(cleaned) > _LONGEST[Kind(kind)] or not cleaned.isprintable():
            raise IdentifierInvalid(kind)
    if not cleaned:
        raise IdentifierInvalid(kind)
    return cleaned


def add_identifier(
    *,
    member: Member,
    kind: str,
    value: str,
    system: str = "",
    proof: str = "",
    now: datetime,
) -> Identifier:
    """Add a further identifier; with a proof it finds the member from now on.

    One that the member has already is proven, if a proof is given, and returned.

    Raises:
        MemberExists: it is another member's.
        StatusForbids: the member is erased or merged.
        PhoneInvalid, EmailInvalid, IdentifierInvalid: it is none.
    """
    value = clean_value(kind, value, country=member.programme.country)
    with transaction.atomic():
        member = _locked(member)
        holder = selectors.find_holder(
            programme=member.programme, kind=kind, value=value, system=system
        )
        if holder is not None and holder != member:
            raise MemberExists(holder)
        if holder is None:
            _refuse_number_of_other(member, kind, value)
            try:
                with transaction.atomic():
                    Identifier.objects.create(
                        programme=member.programme,
                        member=member,
                        kind=kind,
                        system=system,
                        value=value,
                        added_at=now,
                    )
            except IntegrityError:
                holder = selectors.find_holder(
                    programme=member.programme, kind=kind, value=value, system=system
                )
                if holder is None:
                    raise
                raise MemberExists(holder) from None
            events.record(
                member_id=member.pk,
                kind=kinds.IDENTIFIER_ADDED,
                at=now,
                now=now,
                data={"identifier": kind},
            )
        if proof:
            prove(
                member=member,
                kind=kind,
                value=value,
                system=system,
                proof=proof,
                now=now,
            )
        return live_identifier(member=member, kind=kind, value=value, system=system)


def prove(
    *,
    member: Member,
    kind: str,
    value: str,
    system: str = "",
    proof: str,
    now: datetime,
) -> None:
    """Note that somebody answered from a member's number or address, or showed a card.

    The first proof is kept; the last one shows that it is still theirs.
    """
    with transaction.atomic():
        Identifier.objects.filter(
            member=member, kind=kind, system=system, value=value, ended_at=None
        ).update(
            proof=proof,
            proven_at=Coalesce(F("proven_at"), now),
            last_proven_at=now,
        )
        mine = Member.objects.filter(pk=member.pk)
        if kind == Kind.PHONE:
            mine.filter(phone=value, phone_verified_at=None).update(
                phone_verified_at=now
            )
        elif kind == Kind.EMAIL:
            mine.filter(email__iexact=value, email_verified_at=None).update(
                email_verified_at=now
            )


def live_identifier(
    *, member: Member, kind: str, value: str, system: str = ""
) -> Identifier:
    """Return a member's identifier.

    Raises:
        Identifier.DoesNotExist: the member has none such now.
    """
    return Identifier.objects.get(
        member=member, kind=kind, value=value, system=system, ended_at=None
    )


def end_identifier(*, identifier: Identifier, end: str, now: datetime) -> None:
    """Let an identifier find nobody any more; it stays as history.

    Not for the number or address we write to: `change_contact` is for those.
    """
    with transaction.atomic():
        _locked(identifier.member)
        ended = Identifier.objects.filter(pk=identifier.pk, ended_at=None).update(
            ended_at=now, end=end
        )
        if ended:
            events.record(
                member_id=identifier.member_id,
                kind=kinds.IDENTIFIER_ENDED,
                at=now,
                now=now,
                data={"identifier": identifier.kind, "end": end},
            )


def change_contact(
    *,
    member: Member,
    kind: str,
    value: str,
    proof: str,
    held_until: datetime | None = None,
    now: datetime,
) -> str:
    """Write to a new, proven number or address from now on; return the old one.

    The old one finds the member no more. `held_until` keeps points from being used
    until its owner has had time to undo it.

    Raises:
        MemberExists: the new one is another member's.
        StatusForbids: the member is erased or merged.
        PhoneInvalid, EmailInvalid: it is none.
    """
    value = clean_value(kind, value, country=member.programme.country)
    with transaction.atomic():
        member = _locked(member)
        column = _COLUMNS[Kind(kind)]
        old = str(getattr(member, column))
        if old == value:
            prove(member=member, kind=kind, value=value, proof=proof, now=now)
            return old
        _write_contact(member, column, value, now, held_until)
        if old:
            Identifier.objects.filter(
                member=member, kind=kind, value=old.lower(), ended_at=None
            ).update(ended_at=now, end=End.CHANGED)
        prove(member=member, kind=kind, value=value, proof=proof, now=now)
        events.record(
            member_id=member.pk,
            kind=kinds.CONTACT_CHANGED,
            at=now,
            now=now,
            data={"identifier": kind},
        )
    return old


def undo_contact_change(
    *, member: Member, kind: str, old: str, new: str, now: datetime
) -> bool:
    """Go back to the old number or address, at its owner's wish.

    False when the new one is not in use any more, or the old one is another member's
    by now: then there is nothing that could be undone.
    """
    with transaction.atomic():
        member = _locked(member)
        column = _COLUMNS[Kind(kind)]
        if getattr(member, column) != new:
            return False
        try:
            _write_contact(member, column, old, now, None)
        except MemberExists:
            return False
        Identifier.objects.filter(
            member=member, kind=kind, value=new.lower(), ended_at=None
        ).update(ended_at=now, end=End.UNDONE)
        if old:
            prove(member=member, kind=kind, value=old, proof=Proof.LINK, now=now)
        events.record(
            member_id=member.pk,
            kind=kinds.CONTACT_RESTORED,
            at=now,
            now=now,
            data={"identifier": kind},
        )
    return True


def pass_on(*, member: Member, kind: str, now: datetime) -> None:
    """Take a number or address from a member: it belongs to somebody else now."""
    with transaction.atomic():
        member = _locked(member)
        column = _COLUMNS[Kind(kind)]
        value = str(getattr(member, column))
        if not value:
            return
        setattr(member, column, "")
        setattr(member, f"{column}_verified_at", None)
        member.save(update_fields=[column, f"{column}_verified_at"])
        Identifier.objects.filter(
            member=member, kind=kind, value=value.lower(), ended_at=None
        ).update(ended_at=now, end=End.PASSED_ON)
        events.record(
            member_id=member.pk,
            kind=kinds.IDENTIFIER_ENDED,
            at=now,
            now=now,
            data={"identifier": kind, "end": End.PASSED_ON},
        )


def replace_card(*, member: Member, end: str, now: datetime) -> str:
    """Give a member a new membership number; the old one finds nobody any more.

    `end` is LOST or REPLACED. Returns the new number.

    Raises:
        StatusForbids: the member is erased or merged.
    """
    with transaction.atomic():
        member = _locked(member)
        old = member.number
        for _try in range(_NUMBER_TRIES):
            member.number = cards.new_number()
            try:
                with transaction.atomic():
                    member.save(update_fields=["number"])
            except IntegrityError:
                continue
            break
        else:
            message = "no free membership number was found"
            raise RuntimeError(message)
        Identifier.objects.update_or_create(
            programme=member.programme,
            member=member,
            kind=Kind.CARD,
            value=old,
            defaults={"added_at": member.registered_at, "ended_at": now, "end": end},
        )
        events.record(
            member_id=member.pk,
            kind=kinds.CARD_REPLACED,
            at=now,
            now=now,
            data={"end": end},
        )
    return member.number


def ended_card(*, programme: Programme, value: str) -> Identifier | None:
    """Return a card that was lost or replaced, so that a till can say so."""
    digits = "".join(value.split()).upper()
    return (
        Identifier.objects.filter(
            Q(ended_at__isnull=False),
            programme=programme,
            kind=Kind.CARD,
            value=digits,
        )
        .order_by("-ended_at")
        .first()
    )


_COLUMNS = {Kind.PHONE: "phone", Kind.EMAIL: "email"}


def _write_contact(
    member: Member,
    column: str,
    value: str,
    now: datetime,
    held_until: datetime | None,
) -> None:
    setattr(member, column, value)
    setattr(member, f"{column}_verified_at", now if value else None)
    member.held_until = held_until
    try:
        with transaction.atomic():
            member.save(update_fields=[column, f"{column}_verified_at", "held_until"])
    except IntegrityError:
        holder = selectors.find_holder(
            programme=member.programme, kind=column.upper(), value=value.lower()
        )
        if holder is None or holder == member:
            raise
        raise MemberExists(holder) from None


def _refuse_number_of_other(member: Member, kind: str, value: str) -> None:
    if kind != Kind.CARD:
        return
    other = Member.objects.filter(programme=member.programme, number=value).first()
    if other is not None and other != member:
        raise MemberExists(other)


def _locked(member: Member) -> Member:
    locked = (
        Member.objects.select_for_update(of=("self",))
        .select_related("programme")
        .get(pk=member.pk)
    )
    if locked.status in {Member.Status.ERASED, Member.Status.MERGED}:
        raise StatusForbids(locked)
    return locked
