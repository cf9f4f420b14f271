"""Finish a registration: details, terms, and a yes or no for each channel."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from consent import services as consent
from consent.models import MESSAGE_CHANNELS, Channel, ConsentEntry, Purpose, Text
from consent.selectors import current_text
from enrolment.models import JoinLink, Registration
from enrolment.rules import LinkState
from enrolment.selectors import find_address, link_state
from enrolment.services.beginning import lock_member, open_registration
from enrolment.services.errors import (
    ChoiceMissing,
    LinkUnusable,
    NotPending,
    TermsNotAccepted,
)
from members import identity, phones
from members import services as members
from members.models import Identifier, Member
from messaging import wake
from messaging.models import Message
from messaging.services import queue_message

_WAYS = {
    Member.Source.TILL: Registration.Way.TILL,
    Member.Source.SMS: Registration.Way.SMS,
    Member.Source.WEB: Registration.Way.WEB,
    Member.Source.API: Registration.Way.API,
    Member.Source.IMPORT: Registration.Way.IMPORT,
}


def finish_registration(
    *,
    link: JoinLink,
    first_name: str,
    last_name: str,
    email: str,
    language: str,
    accepts_terms: bool,
    channels: Mapping[str, bool],
    texts: Mapping[str, UUID] | None = None,
    birthday: date | None = None,
    now: datetime,
) -> Member:
    """Make the member of a link active, with terms, permissions and welcome.

    `channels` holds the yes or no of every channel. `texts` names the versions that
    were on the page: `terms`, and one for each channel; without it, those in force.
    An e-mail address that belongs to another member is left out, and its owner is told.

    Raises:
        LinkUnusable: used, replaced or expired.
        NotPending: the member is blocked or erased.
        TermsNotAccepted: without them there is no membership.
        ChoiceMissing: a channel has neither yes nor no.
        EmailInvalid: it is no e-mail address.
    """
    _refuse_unanswered(accepts_terms, channels)
    email = members.clean_email(email)
    with transaction.atomic():
        # Locked, so that a double tap finishes once; the member first, as erasing does,
        # or the two could wait for each other.
        Member.objects.select_for_update().filter(pk=link.member_id).first()
        found = (
            JoinLink.objects.select_for_update(of=("self",))
            .select_related("member__programme", "store")
            .filter(pk=link.pk)
            .first()
        )
        if found is None:
            # Erased with its member a moment ago.
            raise LinkUnusable(LinkState.EXPIRED)
        link = found
        state = link_state(link, now=now)
        if state is not LinkState.OPEN:
            raise LinkUnusable(state)
        # Proven is where the link went, not what the member is reached by since.
        sent_to = find_address(link)
        by_email = sent_to != "" and sent_to == link.member.email
        member = finish_member(
            member=link.member,
            first_name=first_name,
            last_name=last_name,
            email=sent_to if by_email else email,
            language=language,
            channels=channels,
            texts=texts,
            birthday=birthday,
            source=ConsentEntry.Source.JOIN_LINK,
            evidence={"join_link": str(link.public_id)},
            phone_verified=sent_to != "" and sent_to == link.member.phone,
            accepts_terms=accepts_terms,
            now=now,
        )
        if by_email:
            identity.prove(
                member=member,
                kind=Identifier.Kind.EMAIL,
                value=member.email,
                proof=Identifier.Proof.LINK,
                now=now,
            )
            member.refresh_from_db(fields=["email_verified_at"])
        link.used_at = now
        link.save(update_fields=["used_at"])
    return member


def finish_member(
    *,
    member: Member,
    first_name: str,
    last_name: str,
    email: str = "",
    language: str,
    channels: Mapping[Any, bool],
    texts: Mapping[str, UUID] | None,
    birthday: date | None = None,
    source: str,
    evidence: dict[str, Any],
    phone_verified: bool,
    accepts_terms: bool,
    now: datetime,
) -> Member:
    """Make a member active who has given everything in some other way than by a link.

    `source` and `evidence` are the proof of what they said; `phone_verified` tells that
    they said it from their number. An e-mail address that belongs to another member is
    left out, and its owner is told. What a pending member is known by already stays
    where nothing else is given.

    Raises:
        NotPending: the member is active, blocked or erased.
        TermsNotAccepted: without them there is no membership.
        ChoiceMissing: a channel has neither yes nor no.
        EmailInvalid: it is no e-mail address.
    """
    _refuse_unanswered(accepts_terms, channels)
    email = members.clean_email(email)
    with transaction.atomic():
        member = lock_member(member)
        # Opened now for whoever was registered before registrations were kept.
        registration = open_registration(
            member=member, way=_WAYS[Member.Source(member.source)], now=now
        )
        if registration is None:
            raise NotPending(member)
        is_pending = member.status == Member.Status.PENDING
        member = _activate(
            registration,
            member,
            first_name=first_name,
            last_name=last_name,
            email=email or (member.email if is_pending else ""),
            language=language,
            birthday=birthday or (member.birthday_on if is_pending else None),
            phone_verified=phone_verified,
            now=now,
        )
        if phone_verified and member.phone:
            _prove_phone(member, source, now)
        _accept_terms(member, language, (texts or {}).get("terms"), source, now)
        for channel in MESSAGE_CHANNELS:
            _record_choice(
                member,
                channel,
                yes=channels[channel],
                shown=(texts or {}).get(channel.value),
                source=source,
                evidence=evidence,
                now=now,
            )
        registration.outcome = Registration.Outcome.FINISHED
        registration.ended_at = now
        registration.save(update_fields=["outcome", "ended_at"])
        # The welcome follows from the event; have it sent at once.
        wake.ask_on_commit()
    return member


def _refuse_unanswered(accepts_terms: bool, channels: Mapping[Any, bool]) -> None:
    if not accepts_terms:
        raise TermsNotAccepted
    if set(channels) != set(MESSAGE_CHANNELS):
        raise ChoiceMissing


def _activate(
    registration: Registration,
    member: Member,
    *,
    first_name: str,
    last_name: str,
    email: str,
    language: str,
    birthday: date | None,
    phone_verified: bool,
    now: datetime,
) -> Member:
    def activate(address: str) -> Member:
        return members.activate_member(
            member=member,
            first_name=first_name,
            last_name=last_name,
            email=address,
            language=language,
            birthday_on=birthday,
            home_store=registration.store,
            phone_verified=phone_verified,
            now=now,
        )

    try:
        return activate(email)
    except members.MemberExists as taken:
        # What a pending member is known by already stays.
        known = member.email if member.status == Member.Status.PENDING else ""
        activated = activate(known)
        _tell_owner(registration, activated, taken.member, now)
        return activated


def _tell_owner(
    registration: Registration, member: Member, owner: Member, now: datetime
) -> None:
    """Tell the owner of an address that somebody else entered it.

    The page says the same to everybody, so that it does not show who is a member.
    """
    if not owner.email:
        return
    queue_message(
        programme=member.programme,
        member=owner,
        channel=Channel.EMAIL,
        message_class=Message.Class.SERVICE,
        kind="email_in_use",
        language=owner.language,
        address=owner.email,
        context={"phone": phones.mask(member.phone, member.programme.country)},
        dedupe_key=f"email-in-use:{registration.public_id}",
        now=now,
    )


def _prove_phone(member: Member, source: str, now: datetime) -> None:
    proofs = Identifier.Proof
    by_sms = source == ConsentEntry.Source.SMS_REPLY
    identity.prove(
        member=member,
        kind=Identifier.Kind.PHONE,
        value=member.phone,
        proof=proofs.SMS if by_sms else proofs.LINK,
        now=now,
    )


def _accept_terms(
    member: Member, language: str, shown: UUID | None, source: str, now: datetime
) -> None:
    text = _shown_text(shown) or current_text(
        programme=member.programme, kind=Text.Kind.TERMS, language=language
    )
    consent.accept_terms(member=member, text=text, at=now, source=source)


def _record_choice(
    member: Member,
    channel: Channel,
    *,
    yes: bool,
    shown: UUID | None,
    source: str,
    evidence: dict[str, Any],
    now: datetime,
) -> None:
    text = _shown_text(shown) or current_text(
        programme=member.programme,
        kind=Text.Kind.CONSENT,
        purpose=Purpose.MARKETING,
        channel=channel,
        language=member.language,
    )
    consent.record_entry(
        member=member,
        purpose=Purpose.MARKETING,
        channel=channel,
        action=ConsentEntry.Action.GIVEN if yes else ConsentEntry.Action.REFUSED,
        at=now,
        source=source,
        actor=consent.MEMBER,
        text=text,
        evidence=evidence,
    )


def _shown_text(public_id: UUID | None) -> Text | None:
    """Return the version that the page showed; a newer one proves nothing."""
    return Text.objects.filter(public_id=public_id).first() if public_id else None
