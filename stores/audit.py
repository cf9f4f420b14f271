"""The audit trail: what staff, devices and systems did, in chains that prove it.

Append-only and chained in the database (see migration 0003). A chain protects against
changes behind our back by whoever can write to the tables; against someone who also
rewrites every later hash, keep the `seal` of `manage.py verify_audit` elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zlib import crc32

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.utils.functional import Promise

from stores.authentication import Caller
from stores.models import AuditEntry, AuditLane, Programme, Staff, TillDevice

LANES = 64

Actor = Staff | TillDevice | Caller | None

_INSERT = """
INSERT INTO stores_auditentry (programme_id, at, actor_kind, actor_id, action,
    member_id, subject, reason, data, lane)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)
RETURNING id, number, previous_hash, hash
"""

# One statement, so one snapshot: entries that commit meanwhile are in neither half.
_BREAKS = """
WITH entry AS (
    SELECT e.lane, e.number, e.hash,
        stores_audit_digest(e) IS DISTINCT FROM e.hash AS is_changed,
        row_number() OVER chain + COALESCE(head.let_go, 0) AS place,
        e.previous_hash IS DISTINCT FROM COALESCE(
            lag(e.hash) OVER chain, head.let_go_hash, ''::bytea) AS is_unlinked
    FROM stores_auditentry e LEFT JOIN stores_auditlane head ON head.lane = e.lane
    WINDOW chain AS (PARTITION BY e.lane ORDER BY e.number)
), newest AS (
    SELECT DISTINCT ON (lane) lane, number, hash FROM entry
    ORDER BY lane, number DESC
), broken AS (
    SELECT lane, number, 'CHANGED' AS fault FROM entry WHERE is_changed
    UNION ALL
    -- The first after a gap alone: every later one is shifted too.
    SELECT lane, min(number), 'MISSING_BEFORE' FROM entry
    WHERE place <> number GROUP BY lane
    UNION ALL
    SELECT lane, number, 'UNLINKED' FROM entry
    WHERE is_unlinked AND place = number AND NOT is_changed
    UNION ALL
    SELECT COALESCE(head.lane, newest.lane), COALESCE(newest.number, 0),
        'END_MISSING'
    FROM stores_auditlane head FULL JOIN newest USING (lane)
    WHERE head.entries IS DISTINCT FROM COALESCE(newest.number, head.let_go)
        OR head.last_hash IS DISTINCT FROM COALESCE(newest.hash, head.let_go_hash)
)
SELECT lane, number, fault FROM broken ORDER BY lane, number LIMIT %s
"""

# The oldest of a lane that are all past their time, and how far a batch may go.
_OLDEST = """
SELECT head.lane, head.let_go, LEAST(head.let_go + %(limit)s, COALESCE(
    (SELECT e.number FROM stores_auditentry e
     WHERE e.lane = head.lane AND e.at >= %(before)s ORDER BY e.number LIMIT 1) - 1,
    head.entries))
FROM stores_auditlane head
"""
_LET_GO = """
UPDATE stores_auditlane head SET let_go = e.number, let_go_hash = e.hash
FROM stores_auditentry e
WHERE head.lane = %(lane)s AND e.lane = head.lane AND e.number = %(until)s
    AND head.let_go < e.number
"""

_labels: dict[str, str | Promise] = {}


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, and how: CHANGED, UNLINKED, and so on."""

    lane: int
    number: int
    fault: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of every chain found."""

    entries: int
    breaks: list[Break]

    @property
    def is_whole(self) -> bool:
        """Say whether every entry stands as it was written."""
        return not self.breaks


def register_action(action: str, label: str | Promise) -> None:
    """Give an action its words on the screen; call it in `AppConfig.ready()`."""
    _labels[action] = label


def label_of(action: str) -> str:
    """Return an action in words, or its code when no room has named it."""
    return str(_labels.get(action, action))


def actions() -> list[tuple[str, str]]:
    """Return the registered actions with their words, by words."""
    named = [(action, str(label)) for action, label in _labels.items()]
    return sorted(named, key=lambda pair: pair[1].casefold())


def record(
    *,
    programme: Programme | None,
    actor: Actor,
    action: str,
    now: datetime,
    member_id: UUID | None = None,
    subject: str = "",
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry in the transaction of what it tells about.

    Record last in a transaction: its lane stays locked until the commit. `data` holds
    ids, codes and field names, never names or addresses, since nothing here is ever
    erased.
    """
    kind, actor_id = _who(actor)
    # An actor's entries follow each other in one lane; those of nobody spread out.
    lane = crc32(str(actor_id or f"{action}{subject}").encode()) % LANES
    content = dict(data or {})
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                programme.pk if programme else None,
                now,
                kind,
                actor_id,
                action,
                member_id,
                subject,
                reason,
                json.dumps(content, cls=DjangoJSONEncoder),
                lane,
            ],
        )
        pk, number, previous_hash, digest = cursor.fetchone()
    return AuditEntry(
        id=pk,
        programme=programme,
        at=now,
        actor_kind=kind,
        actor_id=actor_id,
        action=action,
        member_id=member_id,
        subject=subject,
        reason=reason,
        data=content,
        lane=lane,
        number=number,
        previous_hash=bytes(previous_hash),
        hash=bytes(digest),
    )


def verify(*, limit: int = 100) -> Verification:
    """Recompute every chain; return at most `limit` places where one does not hold."""
    with connection.cursor() as cursor:
        cursor.execute(_BREAKS, [limit])
        breaks = [Break(*row) for row in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM stores_auditentry")
        entries = cursor.fetchone()[0]
    return Verification(entries=entries, breaks=breaks)


def count_old(*, before: datetime) -> int:
    """Count the entries that `let_go` would delete in the end."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST, {"before": before, "limit": 2**53})
        return sum(until - from_ for _lane, from_, until in cursor.fetchall())


def let_go(*, before: datetime, limit: int) -> int:
    """Delete the oldest entries of the chains, `limit` at most; return how many.

    Each chain remembers where it begins now, so that it still proves the rest. Call it
    in a transaction; whoever writes into the same lane waits until its end.
    """
    gone = 0
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST + " ORDER BY 1", {"before": before, "limit": limit})
        for lane, from_, until in cursor.fetchall():
            last = min(until, from_ + limit - gone)
            if last <= from_:
                continue
            cursor.execute(_LET_GO, {"lane": lane, "until": last})
            cursor.execute(
                "DELETE FROM stores_auditentry WHERE lane = %s AND number <= %s",
                [lane, last],
            )
            gone += cursor.rowcount
    return gone


def seal() -> dict[str, list[Any]]:
    """Return the end of every chain, to be kept where nobody here can write."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lane, entries, encode(last_hash, 'hex') FROM stores_auditlane "
            "ORDER BY lane"
        )
        return {str(lane): [count, digest] for lane, count, digest in cursor.fetchall()}


def verify_seal(kept: Mapping[str, list[Any]]) -> list[Break]:
    """Compare the chains with a seal kept earlier; return where they part.

    Finds what `verify` cannot: chains that were rewritten whole.
    """
    parted = []
    with connection.cursor() as cursor:
        for lane, (number, digest) in kept.items():
            cursor.execute(
                "SELECT encode(hash, 'hex') FROM stores_auditentry "
                "WHERE lane = %s AND number = %s",
                [int(lane), number],
            )
            row = cursor.fetchone()
            if row is None and _is_let_go(int(lane), number):
                continue
            if row is None or row[0] != digest:
                parted.append(Break(lane=int(lane), number=number, fault="REWRITTEN"))
    return parted


def _is_let_go(lane: int, number: int) -> bool:
    return AuditLane.objects.filter(lane=lane, let_go__gte=number).exists()


def _who(actor: Actor) -> tuple[str, UUID | None]:
    match actor:
        case Staff():
            return AuditEntry.Actor.STAFF, actor.public_id
        case TillDevice():
            return AuditEntry.Actor.DEVICE, actor.public_id
        case Caller():
            return AuditEntry.Actor.API_KEY, UUID(actor.public_id)
        case _:
            return AuditEntry.Actor.SYSTEM, None
