"""Post to the ledger: one entry, what a return takes back, what is given back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from common.ids import uuid7
from points.models import Entry
from points.services.calling import call, refuse_other, tell

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


class ReturnPolicy(StrEnum):
    """What a return takes back when its points are not all there any more."""

    # All of them: the balance may go below zero, and the next points pay for it.
    NEGATIVE = "negative"
    # No more than the member can use, and what of the purchase itself still waits.
    BALANCE = "balance"
    # Only what of the purchase itself still waits.
    PENDING = "pending"


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
            *call(
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
            refuse_other(posted.entry_id, kind, points)
        else:
            tell(member_id, kind, points, public_id, at, now, source_type)
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
            *call(
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
            refuse_other(done.entry_id, Entry.Kind.REVERSE, -done.taken)
        elif done.taken:
            tell(
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
            *call(
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
            refuse_other(posted.entry_id, Entry.Kind.RESTORE, points)
        else:
            tell(
                member_id,
                Entry.Kind.RESTORE,
                points,
                public_id,
                at,
                now,
                source_type,
            )
    return posted
