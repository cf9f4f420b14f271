"""Reads the timeline and gives the points that the version in force says.

What is given is held by unique keys: an event gives an action's points once, and an
occasion so many times, whoever reads and however often.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils import translation
from django.utils.text import capfirst

from common.ids import uuid7
from common.periods import local_day
from members import events
from members.models import Event, Member
from points import rules as points_rules
from points import selectors, services
from points.actions import kinds, referrals, rules
from points.models import EarningRule, Entry
from points.rules import EarningRule as Rule
from points.terms import Action

CURSOR = "points.actions"
_GETS = frozenset({Member.Status.ACTIVE, Member.Status.PENDING})

# Takes the next place within the occasion while there is one. Whoever writes the same
# one beside us is waited for; then there is nothing to insert, and it is tried again.
# Both go by the highest place: a merge that was undone leaves places free below it.
_TAKE = """
INSERT INTO points_actionaward
    (public_id, member_id, rule_id, action, occasion, number, points, event_id,
     event_kind, at, given_at)
SELECT %(public_id)s, %(member)s, %(rule)s, %(action)s, %(occasion)s,
    taken.places + 1, %(points)s, %(event)s, %(kind)s, %(at)s, %(now)s
FROM (
    SELECT COALESCE(max(a.number), 0) AS places FROM points_actionaward a
    WHERE a.member_id = %(member)s AND a.action = %(action)s
        AND a.occasion = %(occasion)s) AS taken
WHERE taken.places < %(most)s
    AND NOT EXISTS (SELECT FROM points_actionaward a
        WHERE a.event_id = %(event)s AND a.action = %(action)s)
ON CONFLICT DO NOTHING
RETURNING number
"""
_IS_OVER = """
SELECT EXISTS (SELECT FROM points_actionaward a
        WHERE a.event_id = %(event)s AND a.action = %(action)s)
    OR (SELECT COALESCE(max(a.number), 0) FROM points_actionaward a
        WHERE a.member_id = %(member)s AND a.action = %(action)s
            AND a.occasion = %(occasion)s) >= %(most)s
"""
# For the tiers; see Activity.
_COUNT = "SELECT points_count(%s, %s, 0, 0, %s, 1)"
_RISE = "SELECT points_tier_rise(%s, %s, %s)"


def follow(*, now: datetime, limit: int = 100) -> int:
    """Give points for the next unread events; return how many were read."""

    def give(read: list[Event]) -> None:
        referrals.tell_joined(read, now=now)
        give_for(read, now=now)

    return events.consume(CURSOR, give, now=now, limit=limit)


def give_for(read: Sequence[Event], *, now: datetime) -> int:
    """Give the points of some events in the caller's transaction; return how often."""
    asked = [each for each in read if _counts(each)]
    if not asked:
        return 0
    versions = _Versions()
    members = Member.objects.select_related(
        "programme", "merged_into__programme"
    ).in_bulk({each.member_id for each in asked})
    given = 0
    # By who gets the points, in the order of their keys, so that two runs, or a run and
    # a merge, do not wait for each other: the nightly settling goes by them as well.
    for member, event in sorted(
        ((_final(members[each.member_id]), each) for each in asked),
        key=lambda each: (each[0].pk, each[1].at, each[1].pk),
    ):
        if member.status not in _GETS:
            continue
        rule = versions.at(member.programme_id, event.at)
        if rule is None:
            continue
        for action in rules.actions_for(rule.terms, event.kind):
            given += _give(member, event, action, rule, now)
    return given


@dataclass(slots=True)
class _Versions:
    """The published versions of each programme, read once."""

    _known: dict[int, list[tuple[datetime, Rule]]] = field(default_factory=dict)

    def at(self, programme_id: int, moment: datetime) -> Rule | None:
        if programme_id not in self._known:
            rows = EarningRule.objects.filter(
                programme_id=programme_id, status=EarningRule.Status.PUBLISHED
            ).order_by("-starts_at")
            self._known[programme_id] = [
                (row.starts_at, selectors.value_of(row)) for row in rows
            ]
        return next(
            (rule for starts, rule in self._known[programme_id] if starts <= moment),
            None,
        )


def _final(member: Member) -> Member:
    return member.merged_into or member


def _counts(event: Event) -> bool:
    # Who was a member elsewhere and is taken over has finished no registration here.
    is_taken_over = event.data.get("source") == Member.Source.IMPORT
    return kinds.gives(event.kind) and not is_taken_over


def _give(
    member: Member, event: Event, action: Action, rule: Rule, now: datetime
) -> int:
    zone = member.programme.zone
    occasion = rules.occasion_of(action, event.at, event.public_id, zone)
    public_id = uuid7()
    values = {
        "public_id": public_id,
        "member": member.pk,
        "rule": rule.id,
        "action": action.key,
        "occasion": occasion,
        "points": action.points,
        "event": event.public_id,
        "kind": event.kind,
        "at": event.at,
        "now": now,
        "most": rules.most_of(action),
    }
    number = _take(values)
    if number is None:
        return 0
    key = f"action:{action.key}:{occasion}"
    services.post(
        member_id=member.pk,
        kind=Entry.Kind.EARN,
        points=action.points,
        key=key if number == 1 else f"{key}:{number}",
        at=event.at,
        now=now,
        rule_id=rule.id,
        expires_at=points_rules.expires_at(event.at, rule, zone),
        source_type="action",
        source_id=public_id,
        reason=_reason(member, event),
    )
    _count(member, local_day(event.at, zone), action.points, now)
    events.record(
        member_id=member.pk,
        kind=kinds.AWARDED,
        at=event.at,
        now=now,
        data={
            "points": action.points,
            "action": action.key,
            "event": event.kind,
            "version": rule.version,
        },
        subject_type="action",
        subject_id=public_id,
    )
    return 1


def _reason(member: Member, event: Event) -> str:
    """Say what the points are for, in the member's language: the entry keeps it."""
    with translation.override(member.language or member.programme.language):
        return capfirst(kinds.reason(event.kind))


def _take(values: dict[str, Any]) -> int | None:
    """Take a place within an occasion; return its number, None when there is none."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_TAKE, values)
            taken = cursor.fetchone()
            if taken is not None:
                return int(taken[0])
            cursor.execute(_IS_OVER, values)
            if cursor.fetchone()[0]:
                return None


def _count(member: Member, day: date, points: int, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [member.pk, day, points])
        cursor.execute(_RISE, [member.pk, day, now])
