"""What this room does with tiers: review all at night, and give one by hand."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction

from common.deadlocks import again_after_deadlock
from common.periods import local_day
from members import events
from members.models import Member
from points.models import EarningRule, TierPeriod
from points.selectors import find_rule, value_of
from points.terms import Tier
from points.tiers import kinds, selectors
from stores import audit
from stores.models import Staff

_SETTLE = "SELECT reached, kept, gone FROM points_tiers_settle(%s, %s)"
# The plan is made for what the tables are like now, and not for any day; compiling it
# would take longer than it saves.
FOR_ALL = (
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off;"
    " SET LOCAL work_mem = '128MB'"
)
_RISE = "SELECT points_tier_rise(%s, %s, %s)"
LONGEST_REASON = 200


class NotGrantable(Exception):
    """Raised when a tier cannot be given: the club has none such, or it is too low."""


class NoGrant(Exception):
    """Raised when a member has no tier that was given."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many members a review let reach, keep and lose a tier."""

    reached: int
    kept: int
    left: int


@again_after_deadlock
def settle_members(*, programme_id: int, now: datetime) -> Settled:
    """Review all members of a programme at once; writes only what changes.

    Run again on the same day, it changes nothing more.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FOR_ALL)
        cursor.execute(_SETTLE, [programme_id, now])
        return Settled(*cursor.fetchone())


def rise(*, member_id: int, done_on: date, now: datetime) -> bool:
    """Let a member rise to what they have reached; return whether they did."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RISE, [member_id, done_on, now])
        return bool(cursor.fetchone()[0])


def grantable(member: Member, now: datetime) -> list[Tier]:
    """Return the tiers that may be given: those above what is had, and the same."""
    rule = find_rule(programme_id=member.programme_id, at=now)
    ladder = selectors.ladder_of(rule)
    had = selectors.tier_of(member, now)
    if ladder is None or had is None:
        return []
    return list(ladder.tiers[max(had.rank, 1) :])


@again_after_deadlock
def grant(
    *, member: Member, key: str, until: date, reason: str, staff: Staff, now: datetime
) -> TierPeriod:
    """Give a member a tier until a day, above what they have; returns the period.

    What they earn goes on beneath it and is there when it ends.

    Raises:
        NotGrantable: there is no such tier, it is lower than what they have, its day
            has passed, or nobody says why.
    """
    try:
        with transaction.atomic():
            return _grant(member, key, until, reason.strip(), staff, now)
    except IntegrityError as error:
        # They rose at a till in this very moment: what they have is above, or it is
        # seen at the next try.
        raise NotGrantable from error


def _grant(
    member: Member, key: str, until: date, reason: str, staff: Staff, now: datetime
) -> TierPeriod:
    # A merge and the night wait, or are seen.
    member = Member.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=member.pk
    )
    rule = find_rule(programme_id=member.programme_id, at=now)
    tiers = grantable(member, now)
    tier = next((each for each in tiers if each.key == key), None)
    ladder = selectors.ladder_of(rule)
    reason = reason[:LONGEST_REASON]
    is_over = until < local_day(now, member.programme.zone)
    if rule is None or tier is None or ladder is None or is_over or not reason:
        raise NotGrantable
    had_now = selectors.open_period(member)
    if had_now and had_now.key == key and (had_now.holds_until or until) >= until:
        raise NotGrantable
    if member.status not in {Member.Status.ACTIVE, Member.Status.PENDING}:
        raise NotGrantable
    had = _close(member, now)
    beneath_key, beneath_until = _beneath(had, ladder.tiers[0].key)
    period = TierPeriod.objects.create(
        member=member,
        key=key,
        rank=ladder.tiers.index(tier),
        rule_id=rule.id,
        starts_at=now,
        holds_until=until,
        cause=TierPeriod.Cause.GRANTED,
        below_key=beneath_key,
        below_until=beneath_until,
        reason=reason,
        granted_by=staff,
    )
    events.record(
        member_id=member.pk,
        kind=kinds.REACHED,
        at=now,
        now=now,
        data={
            "key": key,
            "names": dict(tier.names),
            "until": until.isoformat(),
            "cause": TierPeriod.Cause.GRANTED.value,
        },
        subject_type="tier",
        subject_id=period.public_id,
    )
    audit.record(
        programme=member.programme,
        actor=staff,
        action=kinds.GRANTED,
        now=now,
        member_id=member.public_id,
        subject=str(period.public_id),
        reason=reason,
        data={"tier": key, "until": until.isoformat()},
    )
    return period


@again_after_deadlock
@transaction.atomic
def end_grant(*, member: Member, staff: Staff, now: datetime) -> TierPeriod:
    """Take back a tier that was given; the member has what they earned again.

    Raises:
        NoGrant: what they have was not given to them.
    """
    member = Member.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=member.pk
    )
    granted = (
        TierPeriod.objects.select_for_update()
        .filter(member=member, ends_at=None, cause=TierPeriod.Cause.GRANTED)
        .first()
    )
    if granted is None:
        raise NoGrant
    row = EarningRule.objects.get(pk=granted.rule_id)
    name = selectors.names_in([granted])[granted.pk]
    _close(member, now)
    ladder = selectors.ladder_of(value_of(row))
    keys = [tier.key for tier in ladder.tiers] if ladder else []
    rank = keys.index(granted.below_key) if granted.below_key in keys else 0
    period = TierPeriod.objects.create(
        member=member,
        key=granted.below_key,
        rank=rank,
        rule_id=granted.rule_id,
        starts_at=now,
        holds_until=granted.below_until,
        cause=TierPeriod.Cause.ENDED,
    )
    tiers = {tier.key: tier for tier in ladder.tiers} if ladder else {}
    below, above = tiers.get(granted.below_key), tiers.get(granted.key)
    events.record(
        member_id=member.pk,
        kind=kinds.LEFT,
        at=now,
        now=now,
        data={
            "key": period.key,
            "names": dict(below.names) if below else {},
            "until": None,
            "from": dict(above.names) if above else {},
            "cause": TierPeriod.Cause.ENDED.value,
        },
        subject_type="tier",
        subject_id=period.public_id,
    )
    audit.record(
        programme=member.programme,
        actor=staff,
        action=kinds.GRANT_ENDED,
        now=now,
        member_id=member.public_id,
        subject=str(granted.public_id),
        data={"tier": granted.key, "name": name},
    )
    return period


def _close(member: Member, now: datetime) -> TierPeriod | None:
    """End the open period and return it; one of this moment is let go."""
    had = (
        TierPeriod.objects.select_for_update().filter(member=member, ends_at=None)
    ).first()
    if had is None:
        return None
    if had.starts_at < now:
        TierPeriod.objects.filter(pk=had.pk).update(ends_at=now)
    else:
        TierPeriod.objects.filter(pk=had.pk).delete()
    return had


def _beneath(had: TierPeriod | None, lowest: str) -> tuple[str, date | None]:
    if had is None:
        return lowest, None
    if had.cause == TierPeriod.Cause.GRANTED:
        return had.below_key, had.below_until
    return had.key, had.holds_until
