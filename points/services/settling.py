"""Bring members up to a moment: what waited is usable, what passed its day lapses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from common.copying import unchecked
from common.lanes import side_by_side
from points.services.calling import call

# Of whom something is due, each once.
_DUE = """
SELECT member_id FROM points_reservation
WHERE outcome = 'HELD' AND expires_at <= %(now)s
UNION SELECT member_id FROM points_lot WHERE is_pending AND active_from <= %(now)s
UNION SELECT member_id FROM points_lot WHERE remaining > 0 AND expires_at <= %(now)s
"""
# Settled in one transaction, by one set of statements: a till waits so long for one of
# these members at most, some tenths of a second.
_AT_ONCE = 5_000
# PostgreSQL does not know how few members are given, and would read all accounts.
_BY_INDEX = "SET LOCAL random_page_cost = 1; SET LOCAL enable_seqscan = off"
_SETTLE = "SELECT entries, points, activated, released FROM points_settle(%s, %s)"
_EXPIRE = "SELECT members, entries, points FROM points_expire(%s, %s)"


@dataclass(frozen=True, slots=True)
class Settled:
    """What bringing members up to a moment did."""

    entries: int
    lapsed: int
    activated: int
    released: int


@dataclass(frozen=True, slots=True)
class Expired:
    """What a run of the expiry did."""

    members: int
    entries: int
    points: int


def settle(*, member_ids: Collection[int], now: datetime) -> Settled:
    """Bring members up to a moment, as the nightly run does for all.

    Reservations that have timed out are let go, points that waited become usable and
    what has passed its day lapses. Safe to run twice.
    """
    with transaction.atomic():
        return Settled(*call(_SETTLE, [sorted(member_ids), now]))


def settle_due(*, now: datetime) -> Settled:
    """Settle all members of whom something is due, as every night.

    Two connections share the work. Safe to run twice and beside itself: a lot lapses
    once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now})
        due = sorted(member for (member,) in cursor.fetchall())
    done = side_by_side(
        partial(_settle_many, due[first : first + _AT_ONCE], now)
        for first in range(0, len(due), _AT_ONCE)
    )
    return Settled(
        sum(each.entries for each in done),
        sum(each.lapsed for each in done),
        sum(each.activated for each in done),
        sum(each.released for each in done),
    )


def _settle_many(member_ids: Collection[int], now: datetime) -> Settled:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_BY_INDEX)
        # Settling locks the members, and whatever else its rows name it makes itself
        # or changes; of the triggers only that of closed months looks at such rows,
        # and that one never rests.
        with unchecked():
            return settle(member_ids=member_ids, now=now)


def expire_points(*, now: datetime, limit: int = 1000) -> Expired:
    """Settle up to `limit` members of whom something is due.

    Safe to run twice and beside itself: a lot lapses once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, [now, limit])
        members, entries, points = cursor.fetchone()
    return Expired(members or 0, entries or 0, int(points or 0))
