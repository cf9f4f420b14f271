"""Sessions: opened by a proof, ended by the member or by what happens to them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from consent.models import Channel
from members import events, identity
from members.models import Member
from portal import codes, kinds, rules, selectors
from portal.identifiers import Identifier
from portal.models import Session


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session and the key that the browser keeps for it."""

    session: Session
    key: str


@transaction.atomic
def open_session(
    *, member: Member, channel: Channel, device: str, now: datetime, value: str = ""
) -> OpenedSession:
    """Open a session on a device; what the code came to is thereby proven theirs.

    `value` is that number or address; without it, the one we write to.
    """
    is_phone = channel is Channel.SMS
    identifier = Identifier(
        channel, value or (member.phone if is_phone else member.email.lower())
    )
    prove(member=member, identifier=identifier, now=now)
    # A code to what was changed a moment ago opens the pages, but no more than that.
    counts = identifier in selectors.list_step_up_channels(member, now=now)
    key = codes.new_key()
    session = Session.objects.create(
        member=member,
        key_hash=codes.key_hash(key),
        device=device[:80],
        created_at=now,
        last_seen_at=now,
        stepped_up_at=now if counts else None,
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


def end_sessions(*, member: Member, but: Session | None = None, now: datetime) -> int:
    """Sign a member out everywhere, or everywhere else; return on how many devices."""
    ended = Session.objects.filter(member=member, ended_at=None)
    if but is not None:
        ended = ended.exclude(pk=but.pk)
    return ended.update(ended_at=now)


def renew_key(*, session: Session, now: datetime) -> str:
    """Give a session a new key, and note that a fresh code was entered; return it."""
    key = codes.new_key()
    Session.objects.filter(pk=session.pk, ended_at=None).update(
        key_hash=codes.key_hash(key), stepped_up_at=now
    )
    return key


def prove(*, member: Member, identifier: Identifier, now: datetime) -> None:
    """Note that a member answered from a number or address by a code."""
    identity.prove(
        member=member,
        kind=identifier.kind,
        value=identifier.value,
        proof=identity.Proof.CODE,
        now=now,
    )
