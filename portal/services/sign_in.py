"""Signing in with a one-time code, and proving one's own address with one."""

from datetime import datetime

from consent.models import Channel
from enrolment import services as enrolment
from members import silence
from members.models import Identifier as Known
from members.models import Member
from members.selectors import find_by_email, find_by_phone
from portal.identifiers import Identifier
from portal.rules import Verdict
from portal.services.one_time import (
    CodeRefused,
    Purpose,
    send_to_member,
    take_limits,
    use_code,
    write_code,
)
from portal.services.second_proof import SecondProofNeeded
from portal.services.sessions import OpenedSession, open_session, prove
from stores.models import Programme

_COMES_BACK = {Member.Status.PENDING, Member.Status.LEFT}


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

    Who has not finished the registration gets a new join link instead, and so does who
    has left: it leads back into the club.

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
        purpose=Purpose.SIGN_IN,
        browser_key=browser_key,
        language=active.language if active else language,
        now=now,
    )
    # A number that was silent for long may be somebody else's by now: a link to it
    # would hand them the membership of who had it before.
    if (
        member is not None
        and member.status in _COMES_BACK
        and not _is_silent(member, member.phone, now)
    ):
        enrolment.remind(member=member, now=now)


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
        SecondProofNeeded: the code is right, but the number was silent for so long
            that it may be somebody else's by now.
        LimitReached: too many codes were entered from this address.
    """
    login_code = use_code(
        identifier=identifier,
        purpose=Purpose.SIGN_IN,
        browser_key=browser_key,
        code=code,
        address_block=address_block,
        now=now,
    )
    member = login_code.member
    if member is None or member.status != Member.Status.ACTIVE:
        raise CodeRefused(Verdict.WRONG)
    if identifier.channel is Channel.SMS and _is_silent(member, identifier.value, now):
        raise SecondProofNeeded(member)
    return open_session(
        member=member,
        channel=identifier.channel,
        value=identifier.value,
        device=device,
        now=now,
    )


def send_email_proof(
    *, member: Member, browser_key: str, address_block: str, now: datetime
) -> Identifier:
    """Send a code to a signed-in member's own address; return where it went.

    Raises:
        LimitReached: too many codes for this address or the caller.
    """
    identifier = Identifier(Channel.EMAIL, member.email.lower())
    send_to_member(
        member=member,
        identifier=identifier,
        purpose=Purpose.CONTACT,
        browser_key=browser_key,
        address_block=address_block,
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
    identifier = Identifier(Channel.EMAIL, member.email.lower())
    login_code = use_code(
        identifier=identifier,
        purpose=Purpose.CONTACT,
        browser_key=browser_key,
        code=code,
        address_block=address_block,
        now=now,
    )
    if login_code.member_id != member.pk:
        raise CodeRefused(Verdict.WRONG)
    prove(member=member, identifier=identifier, now=now)


def _find_member(programme: Programme, identifier: Identifier) -> Member | None:
    if identifier.channel is Channel.SMS:
        return find_by_phone(programme=programme, phone=identifier.value)
    member = find_by_email(programme=programme, email=identifier.value)
    # An address that nobody has proven could be somebody else's by a slip of the
    # finger; it opens nothing until its owner has answered from it.
    if member is None or member.email.lower() != identifier.value:
        return member
    return member if member.email_verified_at else None


def _is_silent(member: Member, phone: str, now: datetime) -> bool:
    return silence.is_silent(
        member=member,
        kind=Known.Kind.PHONE,
        value=phone,
        stake=silence.Stake.MEMBERSHIP,
        now=now,
    )
