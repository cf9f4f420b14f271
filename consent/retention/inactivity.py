"""Members who are long silent: told three times, then erased. Works on sets.

The message itself is sent by a room above, which follows the event. A step counts when
a message has left, so that nobody is erased who was not told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from common.ids import uuid7
from consent.erasure import erase_member
from consent.models import Erasure, InactivityNotice
from consent.retention import activity, rules
from consent.retention.kinds import Due, get
from consent.retention.periods import period_of
from members import events
from members.models import Event, Member
from stores.models import Programme

KEY = "inactive-members"
TOLD = "member.inactive_told"

# Given the events of notices, says which of them a message has left for, and when.
WhenTold = Callable[[Sequence[UUID]], Mapping[UUID, datetime]]

_when_told: list[WhenTold] = []

# A dispute (GDPR art. 18) keeps everything as it is.
_OF_CLUB = """
    m.programme_id = %(programme)s AND m.status = 'ACTIVE'
    AND NOT EXISTS (SELECT FROM consent_contactpreference p
        WHERE p.member_id = m.id AND p.restricted_at IS NOT NULL)
"""
_CAME_BACK = """
DELETE FROM consent_inactivitynotice n USING members_member m
WHERE m.id = n.member_id AND m.programme_id = %(programme)s AND (
    m.status <> 'ACTIVE'
    OR {newest} > (SELECT min(f.asked_at) FROM consent_inactivitynotice f
        WHERE f.member_id = m.id))
"""
# Those who have had all that came before, long enough ago.
_TO_TELL = """
SELECT m.id, {newest}
FROM members_member m
WHERE {of_club} AND {silent}
    AND (m.phone <> '' OR m.email <> '')
    AND NOT EXISTS (SELECT FROM consent_inactivitynotice n
        WHERE n.member_id = m.id
        AND (n.step >= %(step)s OR n.told_at IS NULL OR n.told_at > %(apart)s))
    AND (SELECT count(*) FROM consent_inactivitynotice n
        WHERE n.member_id = m.id) = %(step)s - 1
ORDER BY m.id
LIMIT %(limit)s
"""
_TO_ERASE = """
SELECT {what}
FROM members_member m
JOIN (
    SELECT n.member_id FROM consent_inactivitynotice n
    GROUP BY n.member_id
    HAVING count(n.told_at) = 3 AND max(n.told_at) <= %(told_before)s
) told ON told.member_id = m.id
WHERE {of_club} AND {silent} {only}
"""
# By day and by how far they are: a few thousand groups for a million members.
_SILENT_GROUPS = """
SELECT silent.last_at::date, coalesce(told.times, '{{}}'), silent.is_reachable,
    count(*)
FROM (
    SELECT m.id, {newest} AS last_at,
        (m.phone <> '' OR m.email <> '') AS is_reachable
    FROM members_member m
    WHERE {of_club} AND {silent}
) silent
LEFT JOIN (
    SELECT n.member_id,
        array_agg(n.told_at::date ORDER BY n.step)
            FILTER (WHERE n.told_at IS NOT NULL) AS times,
        bool_or(n.told_at IS NULL AND n.asked_at < %(long_asked)s) AS is_lost
    FROM consent_inactivitynotice n GROUP BY n.member_id
) told ON told.member_id = silent.id
GROUP BY 1, 2, 3
"""
MONTHS = 3
_MONTH = timedelta(days=30)
# A message that has not left by then does not.
_LOST_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Month:
    """What comes in one of the next months, if nobody comes back."""

    told: int
    erased: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many silent members are told and erased in the coming months."""

    months: tuple[Month, ...]
    # Silent for the whole period, and without an address that a message could go to.
    unreachable: int

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored with a run."""
        return {
            "months": [[each.told, each.erased] for each in self.months],
            "unreachable": self.unreachable,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Forecast":
        """Return one from what was stored; empty where nothing was."""
        months = tuple(Month(*each) for each in stored.get("months", []))
        return cls(months, stored.get("unreachable", 0))


def register_when_told(when_told: WhenTold) -> None:
    """Let a room that sends say which notices have left; in `AppConfig.ready()`."""
    _when_told.append(when_told)


def register() -> None:
    """Register the timeline's words; called once, when the room is ready."""
    events.register_kind(TOLD, icon="clock", describe=_describe)


def period(programme: Programme) -> timedelta:
    """Return after how long a silence a membership ends."""
    return timedelta(days=period_of(programme, get(KEY)).days)


def grace() -> timedelta:
    """Return how long after the last message a member still has."""
    return timedelta(days=settings.INACTIVE_GRACE_DAYS)


def tell(*, programme: Programme, now: datetime, limit: int = 500) -> int:
    """Tell the next silent members; return how many.

    The event is what is sent from; each step comes once in a silence.
    """
    _forget_who_came_back(programme)
    _note_what_left(programme)
    told = 0
    for step in range(1, rules.STEPS + 1):
        if told < limit:
            told += _tell(programme, step, now, limit - told)
    return told


def count_due(due: Due) -> int:
    """Count the members who would be erased now."""
    (row,) = _select(_to_erase(due, "count(*)"), _to_erase_values(due))
    return int(row[0])


def erase_due(due: Due, limit: int) -> int:
    """Erase the next of them; each is looked at again under its lock."""
    _note_what_left(due.programme)
    ids = [
        row[0]
        for row in _select(
            _to_erase(due, "m.id") + " ORDER BY m.id LIMIT %(limit)s",
            {**_to_erase_values(due), "limit": min(limit, 200)},
        )
    ]
    return sum(_erase(pk, due) for pk in ids)


def forecast(programme: Programme, *, now: datetime) -> Forecast:
    """Work out what the coming months bring, if nobody comes back."""
    length = period(programme)
    horizon = now + MONTHS * _MONTH
    rows = _select(
        _SILENT_GROUPS.format(
            newest=activity.newest(),
            of_club=_OF_CLUB,
            silent=activity.silent_since("%(since)s"),
        ),
        {
            "programme": programme.pk,
            "since": rules.longest_ago(1, horizon, length),
            "long_asked": now - _LOST_AFTER,
        },
    )
    told, erased, unreachable = [0] * MONTHS, [0] * MONTHS, 0
    for last_on, told_on, is_reachable, members in rows:
        last_at = _noon(last_on, now)
        if not is_reachable:
            unreachable += members if last_at + length <= now else 0
            continue
        *notices, end = rules.schedule(
            last_at,
            [_noon(day, now) for day in told_on],
            period=length,
            grace=grace(),
            now=now,
        )
        for at in notices:
            if at < horizon:
                told[(at - now) // _MONTH] += members
        if end < horizon:
            erased[(end - now) // _MONTH] += members
    months = tuple(Month(*each) for each in zip(told, erased, strict=True))
    return Forecast(months, unreachable)


def _forget_who_came_back(programme: Programme) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _CAME_BACK.format(newest=activity.newest()), {"programme": programme.pk}
        )


def _note_what_left(programme: Programme) -> None:
    """Write down which notices have left: only those count."""
    waiting = list(
        InactivityNotice.objects.filter(
            told_at=None, member__programme=programme
        ).values_list("event_id", flat=True)
    )
    for start in range(0, len(waiting), 500):
        some = waiting[start : start + 500]
        for when_told in _when_told:
            for event_id, at in when_told(some).items():
                InactivityNotice.objects.filter(event_id=event_id).update(told_at=at)


@transaction.atomic
def _tell(programme: Programme, step: int, now: datetime, limit: int) -> int:
    length = period(programme)
    rows = _select(
        _TO_TELL.format(
            newest=activity.newest(),
            of_club=_OF_CLUB,
            silent=activity.silent_since("%(since)s"),
        ),
        {
            "programme": programme.pk,
            "since": rules.longest_ago(step, now, length),
            "apart": now - rules.APART,
            "step": step,
            "limit": limit,
        },
    )
    notices = [
        InactivityNotice(
            member_id=pk,
            step=step,
            last_active_at=last_at,
            event_id=uuid7(),
            asked_at=now,
        )
        for pk, last_at in rows
    ]
    InactivityNotice.objects.bulk_create(notices, ignore_conflicts=True)
    # Those that another worker wrote a moment ago are its own to tell.
    ours = set(
        InactivityNotice.objects.filter(
            event_id__in=[each.event_id for each in notices]
        ).values_list("event_id", flat=True)
    )
    Event.objects.bulk_create(
        [
            Event(
                public_id=notice.event_id,
                member_id=notice.member_id,
                kind=TOLD,
                at=now,
                recorded_at=now,
                data={
                    "step": step,
                    "months": rules.months_of(step, length),
                    "ends_on": _ends_on(notice, programme, length, now),
                },
            )
            for notice in notices
            if notice.event_id in ours
        ]
    )
    return len(ours)


def _ends_on(
    notice: InactivityNotice, programme: Programme, length: timedelta, now: datetime
) -> str:
    told = [now] * notice.step
    *_steps, end = rules.schedule(
        notice.last_active_at, told, period=length, grace=grace(), now=now
    )
    return end.astimezone(programme.zone).date().isoformat()


def _erase(pk: int, due: Due) -> bool:
    with transaction.atomic():
        # Whoever buys or signs in at this moment is waited for, and looked at then.
        member = Member.objects.select_for_update().get(pk=pk)
        still = _select(
            _to_erase(due, "m.id", only="AND m.id = %(member)s"),
            {**_to_erase_values(due), "member": pk},
        )
        if not still:
            return False
        erase_member(member=member, now=due.now, reason=Erasure.Reason.INACTIVE)
    return True


def _to_erase(due: Due, what: str, only: str = "") -> str:
    return _TO_ERASE.format(
        what=what,
        of_club=_OF_CLUB,
        silent=activity.silent_since("%(since)s"),
        only=only,
    )


def _to_erase_values(due: Due) -> dict[str, Any]:
    return {
        "programme": due.programme.pk,
        "since": due.before,
        "told_before": due.now - grace(),
    }


def _select(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _noon(day: Any, now: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=now.tzinfo)


def _describe(event: Event) -> str:
    return _("Told that the membership ends after long silence (%(step)s of 3).") % {
        "step": event.data.get("step", 1)
    }
