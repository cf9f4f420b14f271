"""Reading sessions, what a member can be asked for, and changes."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from enrolment import tokens
from members import silence
from members.models import Identifier as Known
from members.models import Member
from portal import codes, rules
from portal.identifiers import Identifier
from portal.models import ContactChange, Session


def find_session(key: str, *, now: datetime) -> Session | None:
    """Return the session that a browser's key opens, if it is still good."""
    if not key:
        return None
    return (
        _good(now)
        .select_related("member__programme")
        .filter(key_hash=codes.key_hash(key), member__status=Member.Status.ACTIVE)
        .first()
    )


def list_sessions(member: Member, *, now: datetime) -> QuerySet[Session]:
    """Return where a member is signed in, the latest use first."""
    return _good(now).filter(member=member).order_by("-last_seen_at", "-id")


def list_proven(member: Member) -> list[Identifier]:
    """Return the number and address that we write to, as far as they are proven."""
    return [_as_identifier(known) for known in _proven(member)]


def list_step_up_channels(member: Member, *, now: datetime) -> list[Identifier]:
    """Return where a code can go that shows that the member is really there.

    Not to a number that was silent for long, and not to what was changed so lately
    that its owner may not have seen the notice yet.
    """
    changed = _changed_lately(member, now)
    return [
        _as_identifier(known)
        for known in _proven(member)
        if known.kind not in changed
        and known.last_proven_at is not None
        and not silence.is_long_ago(known.last_proven_at, now=now)
    ]


def step_up_waits_until(member: Member, *, now: datetime) -> datetime | None:
    """Return when a lately changed contact vouches for its member again, if one is."""
    latest = max(_changed_lately(member, now).values(), default=None)
    return latest + _hold() if latest else None


def find_proven_email(member: Member) -> Identifier | None:
    """Return the address that we write to, if it was proven."""
    known = _proven(member).filter(kind=Known.Kind.EMAIL).first()
    return _as_identifier(known) if known else None


def find_change(token: str) -> ContactChange | None:
    """Return the change that a link takes back, or None."""
    if not tokens.is_token(token):
        return None
    return (
        ContactChange.objects.select_related("member__programme")
        .filter(token_hash=tokens.digest(token))
        .first()
    )


def list_changes_since(change: ContactChange) -> list[ContactChange]:
    """Return a change and those that went on from it, in their order."""
    chain = [change]
    later = ContactChange.objects.filter(
        member=change.member_id,
        kind=change.kind,
        undone_at=None,
        pk__gt=change.pk,
    ).order_by("pk")
    for step in later:
        if step.old == chain[-1].new:
            chain.append(step)
    return chain


def _good(now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(
        ended_at=None,
        expires_at__gt=now,
        last_seen_at__gt=now - rules.SESSION_IDLE,
        # Who left and came back signs in anew.
        created_at__gte=F("member__activated_at"),
    )


def _proven(member: Member) -> QuerySet[Known]:
    return Known.objects.filter(
        Q(kind=Known.Kind.PHONE, value=member.phone)
        | Q(kind=Known.Kind.EMAIL, value=member.email.lower()),
        member=member,
        ended_at=None,
        proven_at__isnull=False,
    ).order_by("-kind")


def _as_identifier(known: Known) -> Identifier:
    return Identifier(Identifier.channel_of(known.kind), known.value)


def _changed_lately(member: Member, now: datetime) -> dict[str, datetime]:
    """Return when each kind of contact was changed, if that was within the hold."""
    return dict(
        ContactChange.objects.filter(
            member=member, undone_at=None, changed_at__gt=now - _hold()
        )
        .order_by("changed_at")
        .values_list("kind", "changed_at")
    )


def _hold() -> timedelta:
    return timedelta(hours=settings.CONTACT_HOLD_HOURS)
