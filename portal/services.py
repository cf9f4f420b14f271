"""Signing members in with a one-time code, and out again."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, Q, Sum

from common import limits as buckets
from common.ids import uuid7
from consent.models import Channel
from enrolment import services as enrolment
from members import events, identity
from members.models import Member
from members.selectors import find_by_email, find_by_phone
from messaging.models import Message
from messaging.services import SmsRefused, queue_message
from portal import codes, kinds, limits, rules
from portal.identifiers import Identifier
from portal.models import LoginCode, Session
from portal.rules import CodeState, Verdict
from stores.models import Programme


class CodeRefused(Exception):
    """Raised when an entered code does not sign in; `verdict` says why."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session and the key that the browser keeps for it."""

    session: Session
    key: str


def send_code(
    *,
    programme: Programme,
    identifier: Identifier,
    browser_key: str,
    address_block: str,
    language: str,
    now: datetime,
) -> None:
    """Send a sign-in code to a member; to anybody else nothing, with the same answer.

    A member who has not finished the registration gets a new join link instead.

    Raises:
        LimitReached: too many codes for this number, its neighbours or the caller.
    """
    take_limits(identifier=identifier, address_block=address_block, now=now)
    member = _find_member(programme, identifier)
    active = member if member and member.status == Member.Status.ACTIVE else None
    write_code(
        programme=programme,
        member=active,
        identifier=identifier,
        browser_key=browser_key,
        language=active.language if active else language,
        now=now,
    )
    if member is not None and member.status == Member.Status.PENDING:
        enrolment.remind(member=member, now=now)


def take_limits(*, identifier: Identifier, address_block: str, now: datetime) -> None:
    """Take what a code costs from every limit on codes.

    Raises:
        LimitReached: one of them is used up.
    """
    is_phone = identifier.channel is Channel.SMS
    neighbors = limits.CODES_PER_BLOCK if is_phone else limits.CODES_PER_MAIL_DOMAIN
    buckets.take(
        [
            (limits.CODES_PER_IDENTIFIER, identifier.value),
            (limits.CODES_PER_IDENTIFIER_DAY, identifier.value),
            (limits.CODES_PER_ADDRESS, address_block),
            (neighbors, identifier.block),
        ],
        now=now,
    )


@transaction.atomic
def write_code(
    *,
    programme: Programme,
    member: Member | None,
    identifier: Identifier,
    browser_key: str,
    language: str,
    now: datetime,
) -> LoginCode:
    """Write a code and, if it is a member's, send it; older codes stop working."""
    LoginCode.objects.filter(
        identifier_index=identifier.index, used_at=None, replaced_at=None
    ).update(replaced_at=now)
    code, public_id = codes.new_code(), uuid7()
    login_code = LoginCode.objects.create(
        public_id=public_id,
        member=member,
        channel=identifier.channel,
        identifier_index=identifier.index,
        code_hash=codes.code_hash(public_id, code),
        browser_hash=codes.key_hash(browser_key),
        created_at=now,
        expires_at=now + rules.CODE_LIFE,
    )
    if member is not None:
        # A refusal is kept to ourselves: who asks gets the same page either way.
        with suppress(SmsRefused):
            queue_message(
                programme=programme,
                member=member,
                channel=identifier.channel,
                message_class=Message.Class.CODE,
                kind="login_code",
                language=language,
                address=identifier.value,
                context={"code": code},
                dedupe_key=f"login-code:{public_id}",
                now=now,
                expires_at=login_code.expires_at,
            )
    return login_code


def verify_code(
    *,
    identifier: Identifier,
    browser_key: str,
    code: str,
    address_block: str,
    device: str,
    now: datetime,
) -> OpenedSession:
    """Sign a member in with the code that was sent to them.

    Raises:
        CodeRefused: the code is wrong, old, used, replaced, or was asked for in
            another browser; or too many wrong ones were entered.
        LimitReached: too many codes were entered from this address.
    """
    login_code = use_code(
        identifier=identifier,
        browser_key=browser_key,
        code=code,
        address_block=address_block,
        now=now,
    )
    member = login_code.member
    if member is None or member.status != Member.Status.ACTIVE:
        raise CodeRefused(Verdict.WRONG)
    return open_session(
        member=member, channel=Channel(login_code.channel), device=device, now=now
    )


def use_code(
    *,
    identifier: Identifier,
    browser_key: str,
    code: str,
    address_block: str,
    now: datetime,
) -> LoginCode:
    """Use up a code if it is the right one; a wrong one is counted.

    Raises:
        CodeRefused: as in `verify_code`.
        LimitReached: too many codes were entered from this address.
    """
    buckets.take([(limits.ENTRIES_PER_ADDRESS, address_block)], now=now)
    # Raised outside the transaction, which must keep the count of tries.
    verdict, login_code = _try_code(identifier, browser_key, code, now)
    if verdict is not Verdict.RIGHT or login_code is None:
        raise CodeRefused(verdict)
    return login_code


def send_email_proof(
    *, member: Member, browser_key: str, address_block: str, now: datetime
) -> Identifier:
    """Send a code to a signed-in member's own address; return where it went.

    Raises:
        LimitReached: too many codes for this address or the caller.
    """
    identifier = Identifier(Channel.EMAIL, member.email)
    take_limits(identifier=identifier, address_block=address_block, now=now)
    write_code(
        programme=member.programme,
        member=member,
        identifier=identifier,
        browser_key=browser_key,
        language=member.language,
        now=now,
    )
    return identifier


def prove_email(
    *,
    member: Member,
    browser_key: str,
    code: str,
    address_block: str,
    now: datetime,
) -> None:
    """Note that an address is the member's, by the code that was sent to it.

    Raises:
        CodeRefused: as in `verify_code`.
        LimitReached: too many codes were entered from this address.
    """
    login_code = use_code(
        identifier=Identifier(Channel.EMAIL, member.email),
        browser_key=browser_key,
        code=code,
        address_block=address_block,
        now=now,
    )
    if login_code.member_id != member.pk:
        raise CodeRefused(Verdict.WRONG)
    _prove(member, Channel.EMAIL, now)


@transaction.atomic
def open_session(
    *, member: Member, channel: Channel, device: str, now: datetime
) -> OpenedSession:
    """Open a session on a device; what the code came to is thereby proven theirs."""
    _prove(member, channel, now)
    key = codes.new_key()
    session = Session.objects.create(
        member=member,
        key_hash=codes.key_hash(key),
        device=device[:80],
        created_at=now,
        last_seen_at=now,
        expires_at=now + rules.SESSION_LONGEST,
    )
    events.record(
        member_id=member.pk,
        kind=kinds.SIGNED_IN,
        at=now,
        now=now,
        data={"device": session.device},
        subject_type="session",
        subject_id=session.public_id,
    )
    return OpenedSession(session, key)


def note_session(*, session: Session, now: datetime) -> None:
    """Note that a session was used, at most every few minutes."""
    if now - session.last_seen_at >= rules.SESSION_NOTED_EVERY:
        Session.objects.filter(pk=session.pk).update(last_seen_at=now)


def end_session(*, session: Session, now: datetime) -> None:
    """Sign a member out on one device."""
    Session.objects.filter(pk=session.pk, ended_at=None).update(ended_at=now)


def _prove(member: Member, channel: Channel, now: datetime) -> None:
    is_phone = channel is Channel.SMS
    identity.prove(
        member=member,
        kind=identity.Kind.PHONE if is_phone else identity.Kind.EMAIL,
        value=member.phone if is_phone else member.email.lower(),
        proof=identity.Proof.CODE,
        now=now,
    )


def _find_member(programme: Programme, identifier: Identifier) -> Member | None:
    if identifier.channel is Channel.SMS:
        return find_by_phone(programme=programme, phone=identifier.value)
    member = find_by_email(programme=programme, email=identifier.value)
    # An address that nobody has proven could be somebody else's by a slip of the
    # finger; it opens nothing until its owner has answered from it.
    return member if member and member.email_verified_at else None


@transaction.atomic
def _try_code(
    identifier: Identifier, browser_key: str, code: str, now: datetime
) -> tuple[Verdict, LoginCode | None]:
    # All of the day's codes are locked, so that guesses at several of them at once
    # are counted one after the other.
    recent = list(
        LoginCode.objects.select_for_update()
        .filter(identifier_index=identifier.index, created_at__gt=now - rules.DAY)
        .order_by("-created_at", "-id")
    )
    browser = codes.key_hash(browser_key)
    login_code = next(
        (row for row in recent if bytes(row.browser_hash) == browser), None
    )
    if login_code is None:
        return Verdict.UNKNOWN, None
    if sum(row.tries for row in recent) >= rules.WRONG_CODES_PER_DAY:
        return Verdict.LOCKED, None
    refused = rules.refusal(
        CodeState(
            expires_at=login_code.expires_at,
            tries=login_code.tries,
            is_used=login_code.used_at is not None,
            is_replaced=login_code.replaced_at is not None,
        ),
        now=now,
    )
    if refused:
        return refused, None
    if is_closed(now=now):
        return Verdict.CLOSED, None
    entered = codes.code_hash(login_code.public_id, code)
    if (
        not codes.is_same(bytes(login_code.code_hash), entered)
        or login_code.member_id is None
    ):
        LoginCode.objects.filter(pk=login_code.pk).update(tries=F("tries") + 1)
        return Verdict.WRONG, None
    LoginCode.objects.filter(pk=login_code.pk).update(used_at=now)
    return Verdict.RIGHT, login_code


def is_closed(*, now: datetime) -> bool:
    """Tell whether codes are refused for everybody, because somebody is guessing."""
    lately = LoginCode.objects.filter(
        created_at__gt=now - rules.SPRAY_WINDOW
    ).aggregate(wrong=Sum("tries"), right=Count("id", filter=Q(used_at__isnull=False)))
    return rules.is_sprayed(wrong=lately["wrong"] or 0, right=lately["right"])


def forget_old(*, now: datetime) -> int:
    """Delete codes that no limit counts any more, and sessions long over.

    Returns how many rows went. What happened stays in the member's timeline.
    """
    gone, _per_model = LoginCode.objects.filter(
        created_at__lt=now - rules.CODES_KEPT
    ).delete()
    over, _per_model = Session.objects.filter(
        Q(ended_at__lt=now - rules.SESSIONS_KEPT)
        | Q(expires_at__lt=now - rules.SESSIONS_KEPT)
    ).delete()
    return gone + over
