"""Changing one's number or address, and taking the change back.

What an account is taken over by: so it needs a fresh code, a code to the new one, and
a link to the old one, while points are held.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from common import limits as buckets
from common.ids import uuid7
from enrolment import tokens
from members import identity
from members.models import Identifier as Known
from members.models import Member
from members.selectors import find_holder
from members.services import MemberExists
from messaging import wake
from messaging.models import Message
from messaging.services import queue_message
from portal import limits, rules, selectors
from portal.identifiers import Identifier
from portal.models import ContactChange, LoginCode, Session
from portal.rules import Undo, Verdict
from portal.services.one_time import (
    CodeRefused,
    Purpose,
    take_limits,
    use_code,
    write_code,
)
from portal.services.sessions import end_sessions

_TEXTS = {Known.Kind.PHONE: "phone_changed", Known.Kind.EMAIL: "email_changed"}


def send_contact_code(
    *,
    member: Member,
    identifier: Identifier,
    browser_key: str,
    address_block: str,
    now: datetime,
) -> None:
    """Send a code to a number or address that is to be the member's.

    One that is another member's gets none, and the answer is the same.

    Raises:
        LimitReached: too many codes for it, its neighbours, the member or the caller.
    """
    buckets.take([(limits.CODES_PER_MEMBER, str(member.public_id))], now=now)
    take_limits(identifier=identifier, address_block=address_block, now=now)
    holder = find_holder(
        programme=member.programme, kind=identifier.kind, value=identifier.value
    )
    write_code(
        programme=member.programme,
        member=member if holder is None or holder == member else None,
        identifier=identifier,
        purpose=Purpose.CONTACT,
        browser_key=browser_key,
        language=member.language,
        now=now,
    )


def change_contact(
    *,
    session: Session,
    identifier: Identifier,
    browser_key: str,
    code: str,
    address_block: str,
    now: datetime,
) -> ContactChange:
    """Write to the new number or address from now on, by the code that came there.

    The old one gets a link that takes it back; points are held; every other device is
    signed out.

    Raises:
        CodeRefused: as in `use_code`; also when another member was faster.
        LimitReached: too many codes were entered from this address.
    """
    login_code = use_code(
        identifier=identifier,
        purpose=Purpose.CONTACT,
        browser_key=browser_key,
        code=code,
        address_block=address_block,
        now=now,
    )
    if login_code.member_id != session.member_id:
        raise CodeRefused(Verdict.WRONG)
    try:
        return _change(session, identifier, now)
    except MemberExists:
        raise CodeRefused(Verdict.WRONG) from None


def undo_change(*, token: str, now: datetime) -> Undo:
    """Take a change back by the link that came to the old number or address.

    Returns OPEN when that was done, else what the link was. Whoever is signed in is
    signed out, and the member is told.
    """
    change = selectors.find_change(token)
    if change is None:
        return Undo.UNKNOWN
    with transaction.atomic():
        # The member first, as everywhere: what happens to them happens in turn.
        member = Member.objects.select_for_update().get(pk=change.member_id)
        change.refresh_from_db()
        state = rules.undo_state(
            expires_at=change.expires_at, undone_at=change.undone_at, now=now
        )
        if state is not Undo.OPEN:
            return state
        undone = selectors.list_changes_since(change)
        if not identity.undo_contact_change(
            member=member,
            kind=change.kind,
            old=change.old,
            # Who took the account over may have changed it once more since.
            new=undone[-1].new,
            now=now,
        ):
            return Undo.MOOT
        _close(member, undone, now)
    return Undo.OPEN


@transaction.atomic
def _change(session: Session, identifier: Identifier, now: datetime) -> ContactChange:
    member = (
        Member.objects.select_for_update(of=("self",))
        .select_related("programme")
        .get(pk=session.member_id)
    )
    token, public_id = tokens.new(), uuid7()
    expires_at = now + rules.UNDO_LIFE
    # Before the change: until then the old one is theirs, and service messages, which
    # no limit can be made to hold back, go nowhere else.
    _send_undo_link(member, identifier.kind, public_id, token, expires_at, now)
    old = identity.change_contact(
        member=member,
        kind=identifier.kind,
        value=identifier.value,
        proof=identity.Proof.CODE,
        held_until=now + timedelta(hours=settings.CONTACT_HOLD_HOURS),
        now=now,
    )
    end_sessions(member=member, but=session, now=now)
    return ContactChange.objects.create(
        public_id=public_id,
        member=member,
        kind=identifier.kind,
        old=old,
        new=identifier.value,
        token_hash=tokens.digest(token),
        changed_at=now,
        expires_at=expires_at,
    )


def _send_undo_link(
    member: Member,
    kind: str,
    public_id: object,
    token: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Tell the old number or address, and the other one if it was proven."""
    old = member.phone if kind == Known.Kind.PHONE else member.email
    addresses = {
        identifier.channel: identifier.value
        for identifier in selectors.list_proven(member)
    }
    # Also where it was never proven: it is what we wrote to until now.
    if old:
        addresses[Identifier.channel_of(kind)] = old
    for channel, address in addresses.items():
        queue_message(
            programme=member.programme,
            member=member,
            channel=channel,
            message_class=Message.Class.SERVICE,
            kind=_TEXTS[Known.Kind(kind)],
            language=member.language,
            address=address,
            context={"link": undo_url(token)},
            dedupe_key=f"contact-change:{public_id}:{channel}",
            now=now,
            expires_at=expires_at,
        )


def _close(member: Member, undone: Sequence[ContactChange], now: datetime) -> None:
    """End what whoever made the changes could still use."""
    ContactChange.objects.filter(pk__in=[each.pk for each in undone]).update(
        undone_at=now
    )
    end_sessions(member=member, now=now)
    LoginCode.objects.filter(member=member, used_at=None, replaced_at=None).update(
        replaced_at=now
    )
    # That it was taken back is told by a notice of the event; have it sent at once.
    wake.ask_on_commit()


def undo_url(token: str) -> str:
    """Return the address that the link in the message leads to."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/me/undo/{token}/"
