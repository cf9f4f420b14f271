"""Promise points to a purchase that is not finished; use them or let them go."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from common.ids import uuid7
from points.models import Entry, Reservation
from points.services.calling import KeyReused, call, refuse_other, tell
from points.services.posting import Posted

_RESERVE = """
SELECT reservation_id, is_replay FROM points_reserve(%s, %s, %s, %s, %s, %s)
"""
_RELEASE = "SELECT points_release(%s, %s)"
_CAPTURE = """
SELECT entry_id, balance_after, is_replay, member_id, points FROM points_capture(
    %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


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
        pk, _is_replay = call(
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
        call(_RELEASE, [reservation.public_id, now])
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
        *done, member_id, used = call(
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
            refuse_other(posted.entry_id, Entry.Kind.SPEND, -wanted)
        else:
            tell(member_id, Entry.Kind.SPEND, used, public_id, at, now, source_type)
    return posted
