"""What this room does: post to the ledger, publish a rule, let points expire."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Max

from common.copying import unchecked
from common.ids import uuid7
from common.lanes import side_by_side
from members import events
from points import kinds
from points.models import EarningRule, Entry, Reservation

# A rule may not give more than this for one unit of currency: points are integers, and
# a wrong decimal point would be expensive.
MOST_POINTS_PER_UNIT = Decimal(100)

_POST = """
SELECT entry_id, balance_after, is_replay FROM points_post(
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_REVERSE = """
SELECT entry_id, balance_after, is_replay, taken FROM points_reverse(
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_RESTORE = """
SELECT entry_id, balance_after, is_replay FROM points_restore(
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_RESERVE = """
SELECT reservation_id, is_replay FROM points_reserve(%s, %s, %s, %s, %s, %s)
"""
_RELEASE = "SELECT points_release(%s, %s)"
_CAPTURE = """
SELECT entry_id, balance_after, is_replay, member_id, points FROM points_capture(
    %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
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

# Earning and returning are told by the receipt's own event.
_EVENTS = {
    Entry.Kind.SPEND: kinds.SPENT,
    Entry.Kind.REVERSE: kinds.REVERSED,
    Entry.Kind.ADJUST: kinds.ADJUSTED,
    Entry.Kind.RESTORE: kinds.RESTORED,
}


class ReturnPolicy(StrEnum):
    """What a return takes back when its points are not all there any more."""

    # All of them: the balance may go below zero, and the next points pay for it.
    NEGATIVE = "negative"
    # No more than the member can use, and what of the purchase itself still waits.
    BALANCE = "balance"
    # Only what of the purchase itself still waits.
    PENDING = "pending"


class InsufficientPoints(Exception):
    """Raised when a member would spend more points than they have."""


class PointsHeld(Exception):
    """Raised when points would be used while they are held after a change of contact.

    Somebody may have taken the membership over; the owner has until then to undo it.
    """


class MemberMerged(Exception):
    """Raised when the member was merged into another: post to that one."""


class KeyReused(Exception):
    """Raised when a ledger key was used before for another posting."""


class ReservationEnded(Exception):
    """Raised when reserved points would be used that are not held any more."""


class NothingToRestore(Exception):
    """Raised when more would be given back than was used, or to another member."""


# What the ledger's own code says when it refuses a posting.
_REFUSALS: dict[str, type[Exception]] = {
    "SKP01": InsufficientPoints,
    "SKP02": PointsHeld,
    "SKP03": MemberMerged,
    "SKP05": ReservationEnded,
    "SKP06": NothingToRestore,
}


class RuleInvalid(ValueError):
    """Raised for a rule that cannot be published; the message says why."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry, the balance after it, and whether it was there already."""

    entry_id: int
    balance_after: int
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Reversed:
    """What a return took back; no entry when that is nothing."""

    entry_id: int | None
    balance_after: int
    is_replay: bool
    taken: int


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


def post(
    *,
    member_id: int,
    kind: Entry.Kind,
    points: int,
    key: str,
    at: datetime,
    now: datetime,
    rule_id: int | None = None,
    expires_at: datetime | None = None,
    active_from: datetime | None = None,
    reverses_id: int | None = None,
    source_type: str = "",
    source_id: UUID | None = None,
    reason: str = "",
) -> Posted:
    """Post one entry to a member's ledger; a repeated key posts nothing.

    Points that are given with an `active_from` after `now` wait for it. A return is
    taken back below zero if need be; `reverse` knows other policies.

    Raises:
        InsufficientPoints: there are fewer points to use than would be taken.
        PointsHeld: a spend while the member's points are held.
        MemberMerged: the member was merged into another one.
        KeyReused: the key belongs to an entry of another kind or size.
    """
    with transaction.atomic():
        public_id = uuid7()
        posted = Posted(
            *_call(
                _POST,
                [
                    member_id,
                    kind.value,
                    points,
                    at,
                    now,
                    key,
                    rule_id,
                    source_type,
                    source_id,
                    reason,
                    public_id,
                    expires_at,
                    reverses_id,
                    active_from,
                ],
            )
        )
        if posted.is_replay:
            _refuse_other(posted.entry_id, kind, points)
        else:
            _tell(member_id, kind, points, public_id, at, now, source_type)
    return posted


def reverse(
    *,
    member_id: int,
    points: int,
    key: str,
    at: datetime,
    now: datetime,
    policy: ReturnPolicy = ReturnPolicy.NEGATIVE,
    rule_id: int | None = None,
    reverses_id: int | None = None,
    source_type: str = "",
    source_id: UUID | None = None,
) -> Reversed:
    """Take back the points of goods that came back, as the policy has it.

    First what is left of the earning itself (`reverses_id`). `points` is positive.

    Raises:
        MemberMerged: the member was merged into another one.
        KeyReused: the key belongs to an entry of another kind.
    """
    with transaction.atomic():
        public_id = uuid7()
        done = Reversed(
            *_call(
                _REVERSE,
                [
                    member_id,
                    points,
                    at,
                    now,
                    key,
                    rule_id,
                    source_type,
                    source_id,
                    public_id,
                    reverses_id,
                    policy.value,
                ],
            )
        )
        if done.is_replay and done.entry_id is not None:
            _refuse_other(done.entry_id, Entry.Kind.REVERSE, -done.taken)
        elif done.taken:
            _tell(
                member_id,
                Entry.Kind.REVERSE,
                -done.taken,
                public_id,
                at,
                now,
                source_type,
            )
    return done


def restore(
    *,
    member_id: int,
    entry_id: int,
    points: int,
    key: str,
    at: datetime,
    now: datetime,
    source_type: str = "",
    source_id: UUID | None = None,
    reason: str = "",
    good_until: datetime | None = None,
) -> Posted:
    """Give points of a use back to the lots they came from, all of them or a part.

    What has lapsed meanwhile lapses again at once, unless it is `good_until` a moment.
    The entry stays with the membership that used the points; after a merge they go on
    to the one that was kept. `member_id` may be either.

    Raises:
        NothingToRestore: the entry used fewer points, or another member did.
        KeyReused: the key belongs to an entry of another kind or size.
    """
    with transaction.atomic():
        public_id = uuid7()
        posted = Posted(
            *_call(
                _RESTORE,
                [
                    member_id,
                    entry_id,
                    points,
                    at,
                    now,
                    key,
                    source_type,
                    source_id,
                    reason,
                    public_id,
                    good_until,
                ],
            )
        )
        if posted.is_replay:
            _refuse_other(posted.entry_id, Entry.Kind.RESTORE, points)
        else:
            _tell(
                member_id,
                Entry.Kind.RESTORE,
                points,
                public_id,
                at,
                now,
                source_type,
            )
    return posted


def reserve(
    *, member_id: int, points: int, key: str, expires_at: datetime, now: datetime
) -> Reservation:
    """Promise points to a purchase that is not finished, until a moment.

    Nobody else can use them meanwhile and they do not lapse. A repeated key answers
    with the same reservation, as it is now.

    Raises:
        InsufficientPoints: there are fewer points to use.
        PointsHeld: the member's points are held.
        MemberMerged: the member was merged into another one.
        KeyReused: the key belongs to a reservation of another size.
        ValueError: there is nothing to reserve, or no time to hold it.
    """
    if points <= 0 or expires_at <= now:
        message = "A reservation needs points and time."
        raise ValueError(message)
    with transaction.atomic():
        pk, _is_replay = _call(
            _RESERVE, [member_id, points, key, expires_at, now, uuid7()]
        )
        reservation = Reservation.objects.get(pk=pk)
    if reservation.points != points:
        raise KeyReused(key)
    return reservation


def release(*, reservation: Reservation, now: datetime) -> Reservation:
    """Let reserved points go, and return the reservation as it ended.

    Whoever ended it: it may have timed out, or its points may have been used.
    """
    with transaction.atomic():
        _call(_RELEASE, [reservation.public_id, now])
    return Reservation.objects.get(pk=reservation.pk)


def capture(
    *,
    reservation: Reservation,
    key: str,
    at: datetime,
    now: datetime,
    points: int | None = None,
    source_type: str = "",
    source_id: UUID | None = None,
    reason: str = "",
) -> Posted:
    """Use reserved points, all of them unless told; what is left over is let go.

    Raises:
        ReservationEnded: the reservation has timed out or ended otherwise.
        InsufficientPoints: more would be used than was reserved.
        KeyReused: the key belongs to an entry of another kind or size.
    """
    with transaction.atomic():
        public_id = uuid7()
        *done, member_id, used = _call(
            _CAPTURE,
            [
                reservation.public_id,
                points,
                at,
                now,
                key,
                source_type,
                source_id,
                reason,
                public_id,
            ],
        )
        posted = Posted(*done)
        if posted.is_replay:
            wanted = reservation.points if points is None else points
            _refuse_other(posted.entry_id, Entry.Kind.SPEND, -wanted)
        else:
            _tell(member_id, Entry.Kind.SPEND, used, public_id, at, now, source_type)
    return posted


def settle(*, member_ids: Collection[int], now: datetime) -> Settled:
    """Bring members up to a moment, as the nightly run does for all.

    Reservations that have timed out are let go, points that waited become usable and
    what has passed its day lapses. Safe to run twice.
    """
    with transaction.atomic():
        return Settled(*_call(_SETTLE, [sorted(member_ids), now]))


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


def publish_rule(*, rule: EarningRule, now: datetime) -> EarningRule:
    """Publish a draft; from its start on purchases earn by it. It never changes again.

    Raises:
        RuleInvalid: it is published already, starts in the past of another version, or
            gives amounts that nobody means.
    """
    with transaction.atomic():
        rule = EarningRule.objects.select_for_update().get(pk=rule.pk)
        _check_rule(rule, now)
        rule.status = EarningRule.Status.PUBLISHED
        rule.save(update_fields=["status"])
    return rule


def _call(statement: str, arguments: list[Any]) -> tuple[Any, ...]:
    try:
        # A savepoint: a refused spend must not spoil the caller's transaction.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            row: tuple[Any, ...] = cursor.fetchone()
            return row
    except DatabaseError as error:
        refusal = _REFUSALS.get(getattr(error.__cause__, "sqlstate", ""))
        if refusal is None:
            raise
        raise refusal from error


def _tell(
    member_id: int,
    kind: Entry.Kind,
    points: int,
    public_id: UUID,
    at: datetime,
    now: datetime,
    source_type: str,
) -> None:
    if kind in _EVENTS:
        events.record(
            member_id=member_id,
            kind=_EVENTS[kind],
            at=at,
            now=now,
            # What made it, for the words of the timeline.
            data={"points": points, **({"source": source_type} if source_type else {})},
            subject_type="entry",
            subject_id=public_id,
        )


def _refuse_other(entry_id: int, kind: Entry.Kind, points: int) -> None:
    entry = Entry.objects.get(pk=entry_id)
    if (entry.kind, entry.points) != (kind.value, points):
        raise KeyReused(entry.key)


def _check_rule(rule: EarningRule, now: datetime) -> None:
    if rule.status != EarningRule.Status.DRAFT:
        message = "The rule was published already."
        raise RuleInvalid(message)
    if rule.points_per_unit > MOST_POINTS_PER_UNIT:
        message = f"A rule gives at most {MOST_POINTS_PER_UNIT} points for a unit."
        raise RuleInvalid(message)
    published = EarningRule.objects.filter(
        programme_id=rule.programme_id, status=EarningRule.Status.PUBLISHED
    )
    last = published.aggregate(last=Max("starts_at"))["last"]
    # The first version may reach back: purchases from before the club began to count
    # are loaded by it. Later ones may not, for then two rules would claim one day.
    if last is not None and rule.starts_at <= max(last, now - timedelta(minutes=1)):
        message = "The rule must start after now and after the last published one."
        raise RuleInvalid(message)
