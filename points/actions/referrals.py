"""Members who bring others: a link, who came by it, and when it counts.

It counts when the new member has bought something and kept it for thirty days: a
purchase that comes back earns nobody anything. What it gives both is said by the
version in force, as for every other action.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from common.periods import add_months, local_day, start_of_day
from members import events
from members.models import Event, Identifier, Member
from points import selectors
from points.actions import kinds, rules
from points.models import Referral, ReferralCode
from points.terms import Action
from stores.models import Programme

# How long a purchase must have been kept.
KEPT_DAYS = 30
# More in one year is a business and not a friend.
MOST_PER_YEAR = 20
# Nobody waits longer for a first purchase.
_WAITS = timedelta(days=365)
# Without what is read wrongly: no 0 and O, no 1, I and L.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 8
_TRIES = 4

# Who was invited and has kept something for so long, each club by its own calendar. A
# gift card, or what costs nothing, is no purchase that anybody earns by.
_DUE = """
SELECT r.id FROM points_referral r
JOIN members_member m ON m.id = r.invited_id AND m.status = 'ACTIVE'
JOIN stores_programme p ON p.id = m.programme_id
WHERE r.state = 'JOINED' AND EXISTS (
    SELECT FROM points_activity a
    WHERE a.member_id = r.invited_id AND a.spend > 0
        AND a."on" >= (r.joined_at AT TIME ZONE p.time_zone)::date
        AND a."on" <= (%(now)s AT TIME ZONE p.time_zone)::date - %(days)s)
ORDER BY r.referrer_id, r.id
LIMIT %(limit)s
FOR UPDATE OF r SKIP LOCKED
"""


def link_of(code: str) -> str:
    """Return the address that a member shares."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/join/?friend={code}"


def find_code(member: Member) -> str | None:
    """Return the code of a member's link, or None while they have none."""
    return (
        ReferralCode.objects.filter(member=member)
        .values_list("code", flat=True)
        .first()
    )


def make_code(*, member: Member, now: datetime) -> str:
    """Return the code of a member's link, made now if there is none."""
    for _try in range(_TRIES):
        code = "".join(secrets.choice(_SIGNS) for _sign in range(_LENGTH))
        try:
            with transaction.atomic():
                made, _is_new = ReferralCode.objects.get_or_create(
                    member=member, defaults={"code": code, "made_at": now}
                )
        except IntegrityError:
            continue
        return made.code
    message = "no free code was found"
    raise RuntimeError(message)


def find_referrer(programme: Programme, code: str) -> Member | None:
    """Return the active member whose link has a code."""
    found = (
        ReferralCode.objects.select_related("member__merged_into")
        .filter(code=code.strip().upper()[:12], member__programme=programme)
        .first()
    )
    if found is None:
        return None
    member = found.member.merged_into or found.member
    return member if member.status == Member.Status.ACTIVE else None


def refer(*, code: str, invited: Member, now: datetime) -> Referral | None:
    """Tie somebody who is registered for the first time to who invited them.

    None where the code is nobody's, or they were known before. Twice is once.
    """
    referrer = find_referrer(invited.programme, code)
    if referrer is None or referrer.pk == invited.pk or was_known(invited):
        return None
    referral, _is_new = Referral.objects.get_or_create(
        invited=invited, defaults={"referrer": referrer, "joined_at": now}
    )
    return referral


def was_known(invited: Member) -> bool:
    """Tell whether a number or address of somebody was another member's before."""
    own = Identifier.objects.filter(member=invited).values_list("kind", "value")
    return any(
        Identifier.objects.filter(
            programme_id=invited.programme_id, kind=kind, value=value
        )
        .exclude(member=invited)
        .exists()
        for kind, value in own
    )


def tell_joined(read: Sequence[Event], *, now: datetime) -> None:
    """Write on both timelines that somebody who was invited has become a member."""
    joined = {
        each.member_id: each.at
        for each in read
        if each.kind == kinds.ACTIVATED and not each.data.get("again")
    }
    for referral in Referral.objects.filter(
        invited__in=joined, state=Referral.State.JOINED
    ).order_by("pk"):
        at = joined[referral.invited_id]
        _record(referral.referrer_id, kinds.REFERRAL_JOINED, referral, at, now)
        _record(referral.invited_id, kinds.REFERRAL_INVITED, referral, at, now)


def settle(*, now: datetime, limit: int = 200) -> int:
    """Let invitations count whose purchase was kept long enough; return how many.

    Safe to run twice and beside itself.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_DUE, {"now": now, "days": KEPT_DAYS, "limit": limit})
            due = [row[0] for row in cursor.fetchall()]
        for referral in (
            Referral.objects.filter(pk__in=due)
            .select_related("invited__programme")
            .order_by("referrer_id", "pk")
        ):
            _settle(referral, now)
    return len(due)


def give_up(*, now: datetime) -> int:
    """End invitations after a year without a purchase that was kept."""
    return Referral.objects.filter(
        state=Referral.State.JOINED, joined_at__lt=now - _WAITS
    ).update(state=Referral.State.REFUSED, settled_at=now)


def actions_in_force(programme: Programme, *, now: datetime) -> dict[str, Action]:
    """Return what an invitation gives now: by `referral.kept` and `.welcomed`."""
    rule = selectors.find_rule(programme_id=programme.pk, at=now)
    if rule is None:
        return {}
    found: dict[str, Action] = {}
    for kind in (kinds.REFERRAL_KEPT, kinds.REFERRAL_WELCOMED):
        for action in rules.actions_for(rule.terms, kind):
            found.setdefault(kind, action)
    return found


def _settle(referral: Referral, now: datetime) -> None:
    # Locked, so that two runs count the same year.
    referrer = Member.objects.select_for_update(of=("self",)).get(
        pk=referral.referrer_id
    )
    counts = (
        referrer.status == Member.Status.ACTIVE
        and not was_known(referral.invited)
        and _counted(referrer, referral.invited.programme, now) < MOST_PER_YEAR
    )
    referral.state = Referral.State.KEPT if counts else Referral.State.REFUSED
    referral.settled_at = now
    referral.save(update_fields=["state", "settled_at"])
    if counts:
        _record(referrer.pk, kinds.REFERRAL_KEPT, referral, now, now)
        _record(referral.invited_id, kinds.REFERRAL_WELCOMED, referral, now, now)


def _counted(referrer: Member, programme: Programme, now: datetime) -> int:
    first = local_day(now, programme.zone).replace(month=1, day=1)
    return Referral.objects.filter(
        referrer=referrer,
        state=Referral.State.KEPT,
        settled_at__gte=start_of_day(first, programme.zone),
        settled_at__lt=start_of_day(add_months(first, 12), programme.zone),
    ).count()


def _record(
    member_id: int, kind: str, referral: Referral, at: datetime, now: datetime
) -> None:
    # Who the other one is stands nowhere on a timeline.
    events.record(
        member_id=member_id,
        kind=kind,
        at=at,
        now=now,
        subject_type="referral",
        subject_id=referral.public_id,
    )
