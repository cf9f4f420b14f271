"""Telling members of worse terms, and that they do not come: each once.

This room never sends: it writes the event, and the room that writes to members follows
the log.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from common.periods import local_day
from members.models import Member
from points import kinds
from points.models import EarningRule
from stores import audit
from stores.models import AuditEntry

TOLD = "points.programme_told"
TOLD_OFF = "points.programme_told_off"
# Messages follow within minutes, so not at night.
FROM_HOUR, TO_HOUR = 9, 20
# A worker may stand still for some days; what was withdrawn long ago was told of.
_NEWS_FOR = timedelta(days=30)

# All at once: either everybody has been told of a version, or nobody.
_TELL = """
INSERT INTO members_event
    (public_id, member_id, kind, at, recorded_at, data, subject_type, subject_id)
SELECT points_new_id(), m.id, %s, %s, %s, %s::jsonb, 'programme_version', %s
FROM members_member m
WHERE m.programme_id = %s AND m.status = ANY(%s)
ORDER BY m.id
"""
# Only those who were told of it, and are members still.
_TELL_OFF = """
INSERT INTO members_event
    (public_id, member_id, kind, at, recorded_at, data, subject_type, subject_id)
SELECT points_new_id(), m.id, %s, %s, %s, %s::jsonb, 'programme_version', %s
FROM members_member m
WHERE m.programme_id = %s AND m.status = ANY(%s) AND EXISTS (
    SELECT FROM members_event e
    WHERE e.member_id = m.id AND e.kind = %s AND e.subject_id = %s)
ORDER BY m.id
"""
_MEMBERS = [Member.Status.ACTIVE, Member.Status.PENDING]


def tell_members(*, now: datetime) -> int:
    """Write to the timeline of all members what changes; return how many were told.

    Of versions that take from members, whose day of notice has come and that have not
    started; and, to those who were told of one that was withdrawn since, that it does
    not come. Safe to run twice and beside itself.
    """
    named = EarningRule.objects.filter(told_on__isnull=False).select_related(
        "programme"
    )
    due = named.filter(status=EarningRule.Status.PUBLISHED, starts_at__gt=now)
    off = named.filter(
        status=EarningRule.Status.WITHDRAWN, withdrawn_at__gt=now - _NEWS_FOR
    )
    told = sum(_tell(row, now) for row in due if _is_time(row, now))
    return told + sum(_tell_off(row, now) for row in off if _is_time(row, now))


def is_told(row: EarningRule) -> bool:
    """Tell whether members were told of a version."""
    return _has_told(row, TOLD)


def _is_time(row: EarningRule, now: datetime) -> bool:
    """Tell whether the day has come, and people are awake."""
    local = now.astimezone(row.programme.zone)
    return (
        row.told_on is not None
        and row.told_on <= local.date()
        and FROM_HOUR <= local.hour < TO_HOUR
    )


def _tell(row: EarningRule, now: datetime) -> int:
    return _write(row, _TELL, kinds.PROGRAMME_CHANGED, TOLD, now)


def _tell_off(row: EarningRule, now: datetime) -> int:
    if not _has_told(row, TOLD):
        return 0
    whom = [kinds.PROGRAMME_CHANGED, row.public_id]
    return _write(row, _TELL_OFF, kinds.PROGRAMME_STAYS, TOLD_OFF, now, whom)


def _write(
    row: EarningRule,
    statement: str,
    kind: str,
    action: str,
    now: datetime,
    whom: Sequence[Any] = (),
) -> int:
    """Write an event to all at once, and what was done to the audit."""
    with transaction.atomic():
        # It may be withdrawn at this moment, or told by another worker.
        held = EarningRule.objects.select_for_update().get(pk=row.pk)
        if held.status != row.status or _has_told(row, action):
            return 0
        day = local_day(row.starts_at, row.programme.zone)
        with connection.cursor() as cursor:
            cursor.execute(
                statement,
                [
                    kind,
                    now,
                    now,
                    json.dumps({"from": day.isoformat()}),
                    row.public_id,
                    row.programme_id,
                    _MEMBERS,
                    *whom,
                ],
            )
            members = int(cursor.rowcount)
        audit.record(
            programme=row.programme,
            actor=None,
            action=action,
            now=now,
            subject=str(row.public_id),
            data={"version": row.version, "members": members},
        )
    return members


def _has_told(row: EarningRule, action: str) -> bool:
    return AuditEntry.objects.filter(
        programme=row.programme, action=action, subject=str(row.public_id)
    ).exists()
