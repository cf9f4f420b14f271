"""The timeline: write what happened, say it in words, and follow it from a cursor."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from members.models import Event, EventCursor

Describe = Callable[[Event], str]
Handler = Callable[[list[Event]], None]


class UnknownKind(LookupError):
    """Raised for an event of a kind that no room has registered."""


class LogFromElsewhere(Exception):
    """Raised when the log was written by another server, as after a restored dump.

    Its transactions have higher numbers than this server gives, so new events would
    stand before old ones: `manage.py rebase_events` puts it right.
    """


@dataclass(frozen=True, slots=True)
class Kind:
    """What the timeline says about events of one kind."""

    name: str
    icon: str
    describe: Describe
    # Off for what concerns staff only; members then do not see it on their pages.
    for_member: bool
    # A colour of the palette (`c1` to `c6`, `good`, ...), empty for the quiet one.
    tone: str


_kinds: dict[str, Kind] = {}


def register_kind(
    kind: str,
    *,
    icon: str,
    describe: Describe,
    for_member: bool = True,
    tone: str = "",
) -> None:
    """Make a kind of event known; call it in `AppConfig.ready()`.

    One that ends in `.*` stands for all that begin so, such as those whose names other
    systems choose.

    Raises:
        ValueError: the kind is registered already.
    """
    if kind in _kinds:
        message = f"the kind of event {kind} is registered twice"
        raise ValueError(message)
    _kinds[kind] = Kind(kind, icon, describe, for_member, tone)


def kinds() -> dict[str, Kind]:
    """Return every registered kind by its name."""
    return dict(_kinds)


def _find(kind: str) -> Kind | None:
    return _kinds.get(kind) or _kinds.get(f"{kind.partition('.')[0]}.*")


def describe(event: Event) -> str:
    """Say in words what happened."""
    kind = _find(event.kind)
    # A kind may outlive the room that recorded it; the row stays readable.
    return kind.describe(event) if kind else _("Something else happened.")


def icon_of(event: Event) -> str:
    """Return the name of the icon that stands beside an event."""
    kind = _find(event.kind)
    return kind.icon if kind else "point"


def tone_of(event: Event) -> str:
    """Return the colour of an event's icon, empty for the quiet one."""
    kind = _find(event.kind)
    return kind.tone if kind else ""


def record(
    *,
    member_id: int,
    kind: str,
    at: datetime,
    now: datetime,
    data: dict[str, Any] | None = None,
    subject_type: str = "",
    subject_id: UUID | None = None,
) -> Event:
    """Write one event, in the caller's transaction.

    `data` holds ids and amounts, never contact details.

    Raises:
        UnknownKind: no room has registered the kind.
    """
    if _find(kind) is None:
        raise UnknownKind(kind)
    return Event.objects.create(
        member_id=member_id,
        kind=kind,
        at=at,
        recorded_at=now,
        data=data or {},
        subject_type=subject_type,
        subject_id=subject_id,
    )


# FOLLOWING THE LOG. See decision 0005.

# The oldest transaction that may still write events: below it nothing can appear any
# more. A transaction of another database of the server cannot, and has its lock with a
# process that belongs there. Whatever is not found there counts as ours; when it has
# ended since the snapshot was taken, a new look may tell more.
_HORIZON = """
SELECT
    coalesce(min(running.xact), pg_snapshot_xmax(pg_current_snapshot()))::text::bigint,
    coalesce(pg_xact_status(min(running.xact)) = 'in progress', true)
FROM pg_snapshot_xip(pg_current_snapshot()) AS running (xact)
WHERE NOT EXISTS (
    SELECT FROM pg_locks held JOIN pg_stat_activity process USING (pid)
    WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock'
        AND held.transactionid = running.xact::xid
        AND process.datid <> (
            SELECT oid FROM pg_database WHERE datname = current_database()))
"""
_MOST_LOOKS = 10
_UNREAD = """
SELECT * FROM members_event
WHERE (xact, id) > (%s, %s) AND xact < %s
ORDER BY xact, id
LIMIT %s
"""
_SKIP = """
INSERT INTO members_eventcursor AS cursor (name, xact, event_id, read_at)
VALUES (%(name)s, %(horizon)s, 0, %(now)s)
ON CONFLICT (name) DO UPDATE SET
    xact = EXCLUDED.xact, event_id = 0, read_at = EXCLUDED.read_at
WHERE cursor.xact < EXCLUDED.xact
"""
_IS_AHEAD = "SELECT %s > pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_AHEAD = """
SELECT CASE WHEN last >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    THEN last + 1 ELSE 0 END
FROM (
    SELECT greatest(
        (SELECT coalesce(max(xact), 0) FROM members_event),
        (SELECT coalesce(max(xact), 0) FROM members_eventcursor)) AS last
) AS log
"""
# Not what this server has written since, whose ids are higher.
_LOWER = """
UPDATE members_event SET xact = xact - %s WHERE id <= (
    SELECT max(id) FROM members_event
    WHERE xact >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
"""
# Events are written once; this is the one exception, and it changes no content.
_OPEN = "ALTER TABLE members_event DISABLE TRIGGER event_written_once"
_CLOSE = "ALTER TABLE members_event ENABLE TRIGGER event_written_once"


def consume(name: str, handler: Handler, *, now: datetime, limit: int = 500) -> int:
    """Hand the next unread events to a handler, in order; return how many.

    The handler's effect and the cursor's step are one transaction: an event takes
    effect once, also when the worker dies. Zero when there is nothing to read, or when
    another worker is reading for the same consumer.

    Raises:
        LogFromElsewhere: the database was restored from another server's dump.
    """
    # Before the transaction, or a second worker would wait for the first one's row
    # instead of passing it by.
    _ensure_cursor(name)
    with transaction.atomic():
        rows = EventCursor.objects.select_for_update(skip_locked=True)
        cursor = rows.filter(name=name).first()
        if cursor is None:
            return 0
        place = [cursor.xact, cursor.event_id, _horizon(), limit]
        events = list(Event.objects.raw(_UNREAD, place))
        if not events:
            _refuse_foreign(cursor)
            return 0
        handler(events)
        _move(cursor, events[-1].xact, events[-1].pk, now)
    return len(events)


def skip_to_end(name: str, *, now: datetime) -> None:
    """Let a consumer start with what happens from now on.

    For one that joins a log with a past, such as notices after an import.
    """
    with transaction.atomic(), connection.cursor() as statement:
        horizon = _horizon()
        statement.execute(_SKIP, {"name": name, "horizon": horizon, "now": now})


def rebase() -> int:
    """Make a log that another server wrote older than all that this one will write.

    Keeps the order of events and every consumer's place, since both move by the same
    number; returns that number, zero when the log is this server's own.
    """
    with transaction.atomic(), connection.cursor() as statement:
        statement.execute("LOCK TABLE members_event, members_eventcursor")
        statement.execute(_AHEAD)
        (step,) = statement.fetchone()
        if step:
            statement.execute(_OPEN)
            statement.execute(_LOWER, [step])
            statement.execute("UPDATE members_eventcursor SET xact = xact - %s", [step])
            statement.execute(_CLOSE)
    return int(step)


def _horizon() -> int:
    """Return the transaction below which every event is written and visible."""
    with connection.cursor() as statement:
        for _look in range(_MOST_LOOKS):
            statement.execute(_HORIZON)
            horizon, is_running = statement.fetchone()
            if is_running:
                break
    return int(horizon)


def _refuse_foreign(cursor: EventCursor) -> None:
    with connection.cursor() as statement:
        statement.execute(_IS_AHEAD, [cursor.xact])
        if statement.fetchone()[0]:
            raise LogFromElsewhere(cursor.name)


def _ensure_cursor(name: str) -> None:
    """Make a consumer's cursor at its first use."""
    if not EventCursor.objects.filter(name=name).exists():
        EventCursor.objects.bulk_create([EventCursor(name=name)], ignore_conflicts=True)


def _move(cursor: EventCursor, xact: int, event_id: int, now: datetime) -> None:
    cursor.xact = xact
    cursor.event_id = event_id
    cursor.read_at = now
    cursor.save(update_fields=["xact", "event_id", "read_at"])
