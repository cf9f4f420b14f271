"""What stands in the books at a moment, as values; and how a closed month keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The points earned in one month, and what has become of them.

    Apart by what they were earned with: `by_receipt` those that a purchase paid for;
    the others are gifts, adjustments, actions and what another system handed over.
    """

    month: date
    by_receipt: bool
    issued: int
    # Spent, also on vouchers that are open still: those are owed beside the points.
    used: int
    expired: int
    taken_back: int
    outstanding: int
    # What the goods cost that earned them, less what came back.
    sales: Decimal
    # What the outstanding points are worth, all of them.
    worth: Decimal
    # What of it is owed still.
    liability: Decimal


@dataclass(frozen=True, slots=True)
class Beside:
    """What is owed that points have become, and what else is promised in money.

    VAT treats what only lowers the price of a purchase otherwise than what needs none
    (Court of Justice, C-436/24).
    """

    with_purchase: Decimal = _ZERO
    without_purchase: Decimal = _ZERO
    number: int = 0

    @property
    def total(self) -> Decimal:
        """Return all of it."""
        return self.with_purchase + self.without_purchase


@dataclass(frozen=True, slots=True)
class Late:
    """Business of closed months that came later, and is booked when it came."""

    entries: int = 0
    points: int = 0


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that lapse in one month: all that are open, and those expected to."""

    # None never lapses.
    month: date | None
    points: int
    worth: Decimal
    expected: int


@dataclass(frozen=True, slots=True)
class Books:
    """What is owed at a moment."""

    cohorts: tuple[Cohort, ...]
    # Points below zero after returns: members owe them to the club.
    owed_by_members: int
    expiring: tuple[Expiring, ...]
    beside: Beside
    # Since the last month that was closed before.
    late: Late
    # The share of points that is expected to be used, in percent, and from when on;
    # None where nothing was assumed.
    used_share: Decimal | None
    assumed_from: date | None
    because: str

    @property
    def total(self) -> Cohort:
        """Return the sum of all months, under the first one's name."""
        return together(self.cohorts)

    @property
    def liability(self) -> Decimal:
        """Return all that is owed: in points, and in what they have become."""
        return self.total.liability + self.beside.total


def together(cohorts: Sequence[Cohort]) -> Cohort:
    """Return the sum of some months, under the first one's name."""
    return Cohort(
        month=cohorts[0].month if cohorts else date.min,
        by_receipt=False,
        issued=sum(each.issued for each in cohorts),
        used=sum(each.used for each in cohorts),
        expired=sum(each.expired for each in cohorts),
        taken_back=sum(each.taken_back for each in cohorts),
        outstanding=sum(each.outstanding for each in cohorts),
        sales=sum((each.sales for each in cohorts), _ZERO),
        worth=sum((each.worth for each in cohorts), _ZERO),
        liability=sum((each.liability for each in cohorts), _ZERO),
    )


def dump(books: Books) -> dict[str, Any]:
    """Write books down as a closed month keeps them."""
    return {
        "cohorts": [
            [
                each.month.isoformat(),
                each.by_receipt,
                each.issued,
                each.used,
                each.expired,
                each.taken_back,
                each.outstanding,
                str(each.sales),
                str(each.worth),
                str(each.liability),
            ]
            for each in books.cohorts
        ],
        "owed_by_members": books.owed_by_members,
        "expiring": [
            [
                each.month.isoformat() if each.month else None,
                each.points,
                str(each.worth),
                each.expected,
            ]
            for each in books.expiring
        ],
        "beside": [
            str(books.beside.with_purchase),
            str(books.beside.without_purchase),
            books.beside.number,
        ],
        "late": [books.late.entries, books.late.points],
        "used_share": None if books.used_share is None else str(books.used_share),
        "assumed_from": books.assumed_from and books.assumed_from.isoformat(),
        "because": books.because,
    }


def load(kept: Any) -> Books:
    """Read what `dump` wrote, as a closed month has it."""
    owed = kept["beside"]
    share, since = kept["used_share"], kept["assumed_from"]
    return Books(
        cohorts=tuple(
            Cohort(
                date.fromisoformat(month),
                by_receipt,
                *numbers,
                *(Decimal(each) for each in money),
            )
            for month, by_receipt, *numbers, sales, worth, liability in kept["cohorts"]
            for money in [(sales, worth, liability)]
        ),
        owed_by_members=kept["owed_by_members"],
        expiring=tuple(
            Expiring(
                month and date.fromisoformat(month), points, Decimal(worth), expected
            )
            for month, points, worth, expected in kept["expiring"]
        ),
        beside=Beside(Decimal(owed[0]), Decimal(owed[1]), owed[2]),
        late=Late(*kept["late"]),
        used_share=None if share is None else Decimal(share),
        assumed_from=since and date.fromisoformat(since),
        because=kept["because"],
    )
