"""Telling members of worse terms: on the day that was promised, each once.

This room never sends: it writes the event, and the room that writes to members follows
the log.
"""

import json
from datetime import datetime

from django.db import connection, transaction

from common.periods import local_day
from members.models import Member
from points import kinds
from points.models import EarningRule
from stores import audit
from stores.models import AuditEntry

TOLD = "points.programme_told"
# Messages follow within minutes, so not at night.
FROM_HOUR, TO_HOUR = 9, 20

# All at once: either everybody has been told of a version, or nobody.
_TELL = """
INSERT INTO members_event
    (public_id, member_id, kind, at, recorded_at, data, subject_type, subject_id)
SELECT points_new_id(), m.id, %s, %s, %s, %s::jsonb, 'programme_version', %s
FROM members_member m
WHERE m.programme_id = %s AND m.status = ANY(%s)
ORDER BY m.id
"""
_MEMBERS = [Member.Status.ACTIVE, Member.Status.PENDING]


def tell_members(*, now: datetime) -> int:
    """Write to the timeline of all members what changes; return how many were told.

    Of versions that take from members, whose day of notice has come and that have not
    started. Safe to run twice and beside itself.
    """
    due = EarningRule.objects.filter(
        status=EarningRule.Status.PUBLISHED,
        told_on__isnull=False,
        starts_at__gt=now,
    ).select_related("programme")
    return sum(_tell(row, now) for row in due if _is_time(row, now))


def _is_time(row: EarningRule, now: datetime) -> bool:
    """Tell whether the day has come, and people are awake."""
    local = now.astimezone(row.programme.zone)
    return (
        row.told_on is not None
        and row.told_on <= local.date()
        and FROM_HOUR <= local.hour < TO_HOUR
    )


def _tell(row: EarningRule, now: datetime) -> int:
    with transaction.atomic():
        EarningRule.objects.select_for_update().get(pk=row.pk)
        told = AuditEntry.objects.filter(
            programme=row.programme, action=TOLD, subject=str(row.public_id)
        )
        if told.exists():
            return 0
        day = local_day(row.starts_at, row.programme.zone)
        with connection.cursor() as cursor:
            cursor.execute(
                _TELL,
                [
                    kinds.PROGRAMME_CHANGED,
                    now,
                    now,
                    json.dumps({"from": day.isoformat()}),
                    row.public_id,
                    row.programme_id,
                    _MEMBERS,
                ],
            )
            members = int(cursor.rowcount)
        audit.record(
            programme=row.programme,
            actor=None,
            action=TOLD,
            now=now,
            subject=str(row.public_id),
            data={"version": row.version, "members": members},
        )
    return members
