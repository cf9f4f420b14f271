"""Register at the till, and send the link that finishes a membership."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from consent.models import Channel
from enrolment import rules, tokens
from enrolment.models import JoinLink, Registration
from enrolment.selectors import latest_link, message_key
from enrolment.services.beginning import (
    begin,
    can_finish,
    lock_member,
    open_registration,
)
from enrolment.services.errors import NotPending, TooSoon
from members import phones
from members.models import Member
from messaging.models import Message
from messaging.services import SmsRefused, queue_message
from stores.models import Programme, Staff, Store, TillDevice


@dataclass(frozen=True, slots=True)
class Registered:
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
) -> Registered:
    """Register a mobile number and send the link that finishes the membership.

    A number that is known gives its member. Whoever has not finished gets a new link if
    the last one is old enough; so does whoever left and is back.

    Raises:
        PhoneInvalid: it is no mobile number.
        SmsRefused: no SMS goes to that number, or not now; nothing was registered.
    """
    return register(
        programme=programme,
        phone=phones.normalize(phone, country=programme.country),
        way=Registration.Way.TILL,
        store=store,
        device=device,
        staff=staff,
        language=language,
        now=now,
    )


def register(
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
) -> Registered:
    """Begin a registration by any way, and send the link that finishes it.

    The link goes by SMS where there is a number, by e-mail otherwise.

    Raises:
        PhoneInvalid: it is no mobile number.
        EmailInvalid: it is no e-mail address.
        ContactMissing: neither was given.
        SmsRefused: no SMS goes to that number, or not now; nothing was registered.
    """
    # One transaction: a number whose SMS is refused is not registered either.
    with transaction.atomic():
        began = begin(
            programme=programme,
            phone=phone,
            email=email,
            way=way,
            store=store,
            device=device,
            staff=staff,
            placement=placement,
            language=language,
            now=now,
        )
        try:
            message = resend_link(
                member=began.member,
                store=store,
                device=device,
                staff=staff,
                way=way,
                now=now,
            )
        except (TooSoon, NotPending):
            message = None
    return Registered(began.member, began.is_new, message)


def resend_link(
    *,
    member: Member,
    store: Store | None = None,
    device: TillDevice | None = None,
    staff: Staff | None = None,
    way: str = "",
    now: datetime,
) -> Message:
    """Send a new link to the member's own number; older ones stop working.

    Somebody without a number gets it by e-mail. Who has left begins a registration with
    it, by `way`: at the till if a device asks, else on the web.

    Raises:
        NotPending: the member is active, blocked or erased.
        TooSoon: the last link is younger than the resend delay.
        SmsRefused: no SMS goes to that number, or not now.
    """
    with transaction.atomic():
        # Locked, so that two taps make one link.
        member = lock_member(member)
        if not can_finish(member) or not (member.phone or member.email):
            raise NotPending(member)
        last = latest_link(member)
        wait = rules.wait_before_resend(last.created_at if last else None, now=now)
        if wait:
            raise TooSoon(int(wait.total_seconds()) or 1)
        ways = Registration.Way
        open_registration(
            member=member,
            way=way or (ways.TILL if device else ways.WEB),
            store=store,
            device=device,
            staff=staff,
            now=now,
        )
        token, link = new_link(
            member=member,
            store=store or (last.store if last else None),
            device=device,
            staff=staff,
            now=now,
        )
        # Without a device of ours, on a page that anybody can open.
        public = device is None and way in {"", ways.WEB, ways.POSTER}
        return _send(member, link, token, is_public=public, now=now)


def new_link(
    *,
    member: Member,
    store: Store | None = None,
    device: TillDevice | None = None,
    staff: Staff | None = None,
    now: datetime,
) -> tuple[str, JoinLink]:
    """Return a new link and its token; the member's older links stop working."""
    JoinLink.objects.filter(member=member, used_at=None, replaced_at=None).update(
        replaced_at=now
    )
    token = tokens.new()
    link = JoinLink.objects.create(
        member=member,
        token_hash=tokens.digest(token),
        store=store,
        device=device,
        staff=staff,
        created_at=now,
        expires_at=now + rules.LINK_LIFE,
    )
    return token, link


def remind(*, member: Member, now: datetime) -> Message | None:
    """Send a new link if one may go now; otherwise nothing, and nobody is told why.

    For callers who must not show whether a number is known.
    """
    try:
        return resend_link(member=member, now=now)
    except (NotPending, TooSoon, SmsRefused):
        return None


def join_url(token: str) -> str:
    """Return the address that a link's message contains."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/join/{token}/"


def _send(
    member: Member, link: JoinLink, token: str, *, is_public: bool, now: datetime
) -> Message:
    by_sms = bool(member.phone)
    return queue_message(
        programme=member.programme,
        member=member,
        channel=Channel.SMS if by_sms else Channel.EMAIL,
        message_class=Message.Class.CODE,
        kind="join_link",
        language=member.language,
        address=member.phone or member.email,
        context={"link": join_url(token)},
        dedupe_key=message_key(link),
        now=now,
        expires_at=link.expires_at,
        is_to_stranger=by_sms and is_public,
    )
