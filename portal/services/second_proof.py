"""A number that was silent for long: is it still the same person's?

Numbers are given to somebody else after some months. Before anything of the member's
is shown, who has the number also shows that the membership is theirs; or says that it
is not, and begins one of their own.
"""

from datetime import datetime

from django.db import transaction

from common import limits as buckets
from consent.models import Channel
from enrolment import services as enrolment
from enrolment.models import Registration
from members import identity, silence
from members.models import Identifier as Known
from members.models import Member
from messaging.models import Message
from messaging.services import queue_message
from portal import limits, selectors
from portal.identifiers import Identifier
from portal.rules import Verdict
from portal.services.one_time import (
    CodeRefused,
    Purpose,
    send_to_member,
    use_code,
)
from portal.services.sessions import OpenedSession, open_session, prove


class SecondProofNeeded(Exception):
    """Raised when a code alone does not show that the member is there: `member`."""

    def __init__(self, member: Member) -> None:
        super().__init__(str(member.public_id))
        self.member = member


class ProofRefused(Exception):
    """Raised when a number does not show that the membership is theirs."""


def send_second_code(
    *, member: Member, browser_key: str, address_block: str, now: datetime
) -> Identifier:
    """Send a code to the member's proven e-mail address; return where it went.

    Raises:
        CodeRefused: there is no such address.
        LimitReached: too many codes for this address or the caller.
    """
    identifier = selectors.find_proven_email(member)
    if identifier is None:
        raise CodeRefused(Verdict.UNKNOWN)
    send_to_member(
        member=member,
        identifier=identifier,
        purpose=Purpose.SECOND,
        browser_key=browser_key,
        address_block=address_block,
        now=now,
    )
    return identifier


def prove_by_email(
    *,
    member: Member,
    phone: str,
    browser_key: str,
    code: str,
    address_block: str,
    device: str,
    now: datetime,
) -> OpenedSession:
    """Sign in a member whose number was silent, by the code sent to their address.

    Raises:
        CodeRefused, LimitReached: as in `use_code`.
    """
    identifier = selectors.find_proven_email(member)
    if identifier is None:
        raise CodeRefused(Verdict.UNKNOWN)
    login_code = use_code(
        identifier=identifier,
        purpose=Purpose.SECOND,
        browser_key=browser_key,
        code=code,
        address_block=address_block,
        now=now,
    )
    if login_code.member_id != member.pk:
        raise CodeRefused(Verdict.WRONG)
    prove(member=member, identifier=identifier, now=now)
    return _open(member, phone, device, now)


def prove_by_number(
    *,
    member: Member,
    phone: str,
    number: str,
    address_block: str,
    device: str,
    now: datetime,
) -> OpenedSession:
    """Sign in a member whose number was silent, by the number on their card.

    Only where no proven address could get a code.

    Raises:
        ProofRefused: it is another number, or a code could have been sent.
        LimitReached: too many numbers for this member, or from this address.
    """
    buckets.take(
        [
            (limits.NUMBERS_PER_MEMBER, str(member.public_id)),
            (limits.ENTRIES_PER_ADDRESS, address_block),
        ],
        now=now,
    )
    entered = "".join(sign for sign in number if sign.isdigit())
    if entered != member.number or selectors.find_proven_email(member) is not None:
        raise ProofRefused
    return _open(member, phone, device, now)


@transaction.atomic
def take_number_over(
    *, member: Member, phone: str, language: str, now: datetime
) -> None:
    """Give a silent number to who has it now, with a link to begin a membership.

    The member who had it keeps everything else, and is told by e-mail.

    Raises:
        ProofRefused: the number is not the member's any more, or was not silent.
    """
    # Locked, so that two taps take it over once.
    member = (
        Member.objects.select_for_update(of=("self",))
        .select_related("programme")
        .get(pk=member.pk)
    )
    if not silence.is_silent(
        member=member,
        kind=Known.Kind.PHONE,
        value=phone,
        stake=silence.Stake.MEMBERSHIP,
        now=now,
    ):
        raise ProofRefused
    _tell_by_email(member, phone, now)
    if member.phone == phone:
        identity.pass_on(member=member, kind=Known.Kind.PHONE, now=now)
    else:
        identity.end_identifier(
            identifier=identity.live_identifier(
                member=member, kind=Known.Kind.PHONE, value=phone
            ),
            end=Known.End.PASSED_ON,
            now=now,
        )
    began = enrolment.begin(
        programme=member.programme,
        phone=phone,
        way=Registration.Way.WEB,
        language=language,
        now=now,
    )
    enrolment.remind(member=began.member, now=now)


def _open(member: Member, phone: str, device: str, now: datetime) -> OpenedSession:
    if member.status != Member.Status.ACTIVE:
        raise ProofRefused
    return open_session(
        member=member, channel=Channel.SMS, value=phone, device=device, now=now
    )


def _tell_by_email(member: Member, phone: str, now: datetime) -> None:
    known = Known.objects.get(
        member=member, kind=Known.Kind.PHONE, value=phone, ended_at=None
    )
    if selectors.find_proven_email(member) is None:
        return
    queue_message(
        programme=member.programme,
        member=member,
        channel=Channel.EMAIL,
        message_class=Message.Class.SERVICE,
        kind="number_passed_on",
        language=member.language,
        address=member.email,
        context={},
        dedupe_key=f"number-passed-on:{known.public_id}",
        now=now,
    )
