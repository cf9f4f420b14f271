"""Register at the till, send the link, and finish a membership with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent import services as consent
from consent.models import Channel, ConsentEntry, Purpose, Text
from consent.selectors import current_text
from enrolment import rules, tokens
from enrolment.models import JoinLink
from enrolment.rules import LinkState
from enrolment.selectors import find_link, latest_link, link_state
from members import phones
from members import services as members
from members.models import Member
from messaging import limits, wake
from messaging.models import Message
from messaging.services import SmsRefused, queue_message
from stores.models import Programme, Staff, Store, TillDevice

__all__ = ["SmsRefused", "find_link"]


class TooSoon(Exception):
    """Raised when the last link is younger than the resend delay: `retry_after`."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"wait {retry_after} s")
        self.retry_after = retry_after


class NotPending(Exception):
    """Raised when a member has nothing to finish: `member`."""

    def __init__(self, member: Member) -> None:
        super().__init__(f"{member.public_id} is {member.status}")
        self.member = member


class LinkUnusable(Exception):
    """Raised when a link was used, replaced or has expired: `state`."""

    def __init__(self, state: LinkState) -> None:
        super().__init__(state)
        self.state = state


class TermsNotAccepted(Exception):
    """Raised when somebody would become a member without accepting the terms."""


class ChoiceMissing(Exception):
    """Raised when a channel was left without yes or no."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What came of registering a number; `message` is the SMS with the link, if any."""

    member: Member
    is_new: bool
    message: Message | None


def register_at_till(
    *,
    programme: Programme,
    phone: str,
    store: Store | None,
    device: TillDevice | None,
    staff: Staff | None,
    language: str,
    now: datetime,
) -> Registration:
    """Register a mobile number and send the link that finishes the membership.

    A number that is known gives its member. Whoever has not finished gets a new link if
    the last one is old enough; so does whoever left and is back.

    Raises:
        PhoneInvalid: it is no mobile number.
        SmsRefused: no SMS goes to that number, or not now; nothing was registered.
    """
    number = phones.normalize(phone, country=programme.country)
    limits.refuse_number(programme, number)
    # One transaction: a number whose SMS is refused is not registered either.
    with transaction.atomic():
        try:
            member = members.register_member(
                programme=programme,
                phone=number,
                source=Member.Source.TILL,
                store=store,
                language=language,
                now=now,
            )
            is_new = True
        except members.MemberExists as known:
            member, is_new = known.member, False
        try:
            message = resend_link(
                member=member, store=store, device=device, staff=staff, now=now
            )
        except (TooSoon, NotPending):
            message = None
    return Registration(member, is_new, message)


def resend_link(
    *,
    member: Member,
    store: Store | None = None,
    device: TillDevice | None = None,
    staff: Staff | None = None,
    now: datetime,
) -> Message:
    """Send a new link to the member's own number; older ones stop working.

    Raises:
        NotPending: the member is active, blocked or erased, or has no number.
        TooSoon: the last link is younger than the resend delay.
        SmsRefused: no SMS goes to that number, or not now.
    """
    with transaction.atomic():
        # Locked, so that two taps make one link.
        member = (
            Member.objects.select_for_update(of=("self",))
            .select_related("programme")
            .get(pk=member.pk)
        )
        if not _can_finish(member) or not member.phone:
            raise NotPending(member)
        last = latest_link(member)
        wait = rules.wait_before_resend(last.created_at if last else None, now=now)
        if wait:
            raise TooSoon(int(wait.total_seconds()) or 1)
        JoinLink.objects.filter(member=member, used_at=None, replaced_at=None).update(
            replaced_at=now
        )
        token = tokens.new()
        link = JoinLink.objects.create(
            member=member,
            token_hash=tokens.digest(token),
            store=store or (last.store if last else None),
            device=device,
            staff=staff,
            created_at=now,
            expires_at=now + rules.LINK_LIFE,
        )
        return queue_message(
            programme=member.programme,
            member=member,
            channel=Channel.SMS,
            message_class=Message.Class.CODE,
            kind="join_link",
            language=member.language,
            address=member.phone,
            context={"link": join_url(token)},
            dedupe_key=f"join-link:{link.public_id}",
            now=now,
            expires_at=link.expires_at,
        )


def remind(*, member: Member, now: datetime) -> Message | None:
    """Send a new link if one may go now; otherwise nothing, and nobody is told why.

    For callers who must not show whether a number is known.
    """
    try:
        return resend_link(member=member, now=now)
    except (NotPending, TooSoon, SmsRefused):
        return None


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
    if not accepts_terms:
        raise TermsNotAccepted
    if set(channels) != set(Channel):
        raise ChoiceMissing
    email = members.clean_email(email)
    with transaction.atomic():
        # Locked, so that a double tap finishes once.
        link = (
            JoinLink.objects.select_for_update(of=("self",))
            .select_related("member__programme", "store")
            .get(pk=link.pk)
        )
        state = link_state(link, now=now)
        if state is not LinkState.OPEN:
            raise LinkUnusable(state)
        if not _can_finish(link.member):
            raise NotPending(link.member)
        member = _activate(
            link,
            first_name=first_name,
            last_name=last_name,
            email=email,
            language=language,
            birthday=birthday,
            now=now,
        )
        _accept_terms(member, language, (texts or {}).get("terms"), now)
        for channel in Channel:
            _record_choice(
                link,
                member,
                channel,
                yes=channels[channel],
                shown=(texts or {}).get(channel),
                now=now,
            )
        link.used_at = now
        link.save(update_fields=["used_at"])
        # The welcome follows from the event; have it sent at once.
        wake.ask_on_commit()
    return member


def join_url(token: str) -> str:
    """Return the address that a link's SMS contains."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/join/{token}/"


def _can_finish(member: Member) -> bool:
    return member.status in {Member.Status.PENDING, Member.Status.LEFT}


def _activate(
    link: JoinLink,
    *,
    first_name: str,
    last_name: str,
    email: str,
    language: str,
    birthday: date | None,
    now: datetime,
) -> Member:
    def activate(address: str) -> Member:
        return members.activate_member(
            member=link.member,
            first_name=first_name,
            last_name=last_name,
            email=address,
            language=language,
            birthday_on=birthday,
            home_store=link.store,
            # Nobody else has the link: it came to the number.
            phone_verified=True,
            now=now,
        )

    try:
        return activate(email)
    except members.MemberExists as taken:
        member = activate("")
        _tell_owner(link, taken.member, now)
        return member


def _tell_owner(link: JoinLink, owner: Member, now: datetime) -> None:
    """Tell the owner of an address that somebody else entered it.

    The page says the same to everybody, so that it does not show who is a member.
    """
    queue_message(
        programme=link.member.programme,
        member=owner,
        channel=Channel.EMAIL,
        message_class=Message.Class.SERVICE,
        kind="email_in_use",
        language=owner.language,
        address=owner.email,
        context={
            "phone": phones.mask(link.member.phone, link.member.programme.country)
        },
        dedupe_key=f"email-in-use:{link.public_id}",
        now=now,
    )


def _accept_terms(
    member: Member, language: str, shown: UUID | None, now: datetime
) -> None:
    text = _shown_text(shown) or current_text(
        programme=member.programme, kind=Text.Kind.TERMS, language=language
    )
    consent.accept_terms(
        member=member, text=text, at=now, source=ConsentEntry.Source.JOIN_LINK
    )


def _record_choice(
    link: JoinLink,
    member: Member,
    channel: Channel,
    *,
    yes: bool,
    shown: UUID | None,
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
        source=ConsentEntry.Source.JOIN_LINK,
        actor=consent.MEMBER,
        text=text,
        evidence={"join_link": str(link.public_id)},
    )


def _shown_text(public_id: UUID | None) -> Text | None:
    """Return the version that the page showed; a newer one proves nothing."""
    return Text.objects.filter(public_id=public_id).first() if public_id else None
