"""What the club owes in points, by the month in which they were earned.

Counted by the day of business: what a purchase of May gave is May's, whenever the till
sent it. All of it is worked out from entries, lots and their uses as they stood at a
moment, so that a past date gives the same figures whenever it is asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection

from points import rules
from points.models import BreakageAssumption
from points.selectors import find_rule
from stores.models import Programme

Sales = Callable[[Programme, datetime], Mapping[date, Decimal]]

_ZERO = Decimal(0)
_OERE = Decimal("0.01")
_HUNDRED = Decimal(100)

# Of lots that merges moved: the month in which the points were earned first.
_COHORTS = """
WITH uses AS (
    SELECT u.lot_id,
        sum(u.points) AS points,
        sum(u.points) FILTER (WHERE e.kind IN ('SPEND', 'RESTORE')) AS used,
        sum(u.points) FILTER (WHERE e.kind = 'EXPIRE') AS expired,
        sum(u.points) FILTER (WHERE e.kind IN ('REVERSE', 'ADJUST')) AS taken_back
    FROM points_lotuse u JOIN points_entry e ON e.id = u.entry_id
    WHERE e.at < %(until)s
    GROUP BY u.lot_id
)
SELECT
    date_trunc('month', coalesce(o.at, e.at) AT TIME ZONE %(zone)s)::date AS month,
    coalesce(sum(l.points) FILTER (WHERE e.kind <> 'MERGE'), 0)::bigint,
    coalesce(sum(uses.used), 0)::bigint,
    coalesce(sum(uses.expired), 0)::bigint,
    coalesce(sum(uses.taken_back), 0)::bigint,
    (sum(l.points) - coalesce(sum(uses.points), 0))::bigint
FROM points_lot l
JOIN points_entry e ON e.id = l.entry_id
JOIN members_member m ON m.id = l.member_id
LEFT JOIN points_entry o ON o.id = l.origin_id
LEFT JOIN uses ON uses.lot_id = l.entry_id
WHERE m.programme_id = %(programme)s AND e.at < %(until)s
GROUP BY 1 ORDER BY 1
"""
_TOTAL = """
SELECT coalesce(sum(e.points), 0)::bigint
FROM points_entry e JOIN members_member m ON m.id = e.member_id
WHERE m.programme_id = %(programme)s AND e.at < %(until)s
"""
# A lot without a day never expires; its month is null.
_EXPIRY = """
WITH uses AS (
    SELECT u.lot_id, sum(u.points) AS points
    FROM points_lotuse u JOIN points_entry e ON e.id = u.entry_id
    WHERE e.at < %(until)s
    GROUP BY u.lot_id
)
SELECT date_trunc('month', (l.expires_at - interval '1 second')
        AT TIME ZONE %(zone)s)::date AS month,
    sum(l.points - coalesce(uses.points, 0))::bigint AS points
FROM points_lot l
JOIN points_entry e ON e.id = l.entry_id
JOIN members_member m ON m.id = l.member_id
LEFT JOIN uses ON uses.lot_id = l.entry_id
WHERE m.programme_id = %(programme)s AND e.at < %(until)s
GROUP BY 1 HAVING sum(l.points - coalesce(uses.points, 0)) > 0
ORDER BY 1 NULLS LAST
"""

_sales: list[Sales] = []


@dataclass(frozen=True, slots=True)
class Cohort:
    """The points earned in one month, and what has become of them."""

    month: date
    issued: int
    used: int
    expired: int
    taken_back: int
    outstanding: int
    # What the goods cost that earned them, less what came back.
    sales: Decimal
    # What the outstanding points are worth, all of them.
    worth: Decimal
    # What of the sales is owed still, by IFRS 15.
    liability: Decimal


@dataclass(frozen=True, slots=True)
class Expiring:
    """What lapses in a month if nobody uses it."""

    # The first day of the month; None for what never lapses.
    month: date | None
    points: int
    worth: Decimal


@dataclass(frozen=True, slots=True)
class Books:
    """What is owed at a moment."""

    cohorts: tuple[Cohort, ...]
    # Points below zero after returns: members owe them to the club.
    owed_by_members: int
    expiring: tuple[Expiring, ...]
    assumption: BreakageAssumption | None

    @property
    def total(self) -> Cohort:
        """Return the sum of all months, under the first one's name."""
        return Cohort(
            month=self.cohorts[0].month if self.cohorts else date.min,
            issued=sum(each.issued for each in self.cohorts),
            used=sum(each.used for each in self.cohorts),
            expired=sum(each.expired for each in self.cohorts),
            taken_back=sum(each.taken_back for each in self.cohorts),
            outstanding=sum(each.outstanding for each in self.cohorts),
            sales=sum((each.sales for each in self.cohorts), _ZERO),
            worth=sum((each.worth for each in self.cohorts), _ZERO),
            liability=sum((each.liability for each in self.cohorts), _ZERO),
        )


def register_sales(sales: Sales) -> None:
    """Have `sales(programme, until)` tell what the goods cost that earned, by month.

    From the room of purchases, in `AppConfig.ready()`; days of business before `until`.
    """
    _sales.append(sales)


def books_at(*, programme: Programme, until: datetime) -> Books:
    """Return what is owed for business before a moment.

    Points are valued by the rule in force then, or the first one after it; without an
    assumption on breakage every point counts as one that will be used.
    """
    values: dict[str, Any] = {
        "programme": programme.pk,
        "until": until,
        "zone": programme.zone.key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COHORTS, values)
        rows = cursor.fetchall()
        cursor.execute(_TOTAL, values)
        ((total,),) = cursor.fetchall()
        cursor.execute(_EXPIRY, values)
        lapsing = cursor.fetchall()
    assumption = assumption_at(programme, until)
    share = assumption.used_share / _HUNDRED if assumption else Decimal(1)
    rule = find_rule(programme_id=programme.pk, at=until) or find_rule(
        programme_id=programme.pk
    )
    sold = _sold(programme, until)
    cohorts = tuple(_cohort(row, sold.get(row[0], _ZERO), share, rule) for row in rows)
    expiring = tuple(
        Expiring(month, int(points), rules.worth(int(points), rule) if rule else _ZERO)
        for month, points in lapsing
    )
    outstanding = sum(each.outstanding for each in cohorts)
    return Books(cohorts, outstanding - int(total), expiring, assumption)


def assumption_at(programme: Programme, until: datetime) -> BreakageAssumption | None:
    """Return the assumption on breakage that held on the day before a moment."""
    day = until.astimezone(programme.zone).date()
    return (
        BreakageAssumption.objects.filter(programme=programme, valid_from__lt=day)
        .order_by("-valid_from")
        .first()
    )


def contract_liability(
    *, sales: Decimal, issued_worth: Decimal, used_worth: Decimal, used_share: Decimal
) -> Decimal:
    """Return what of a month's sales is owed still (IFRS 15 B39-B42, example 52).

    The price is shared between goods and points by what each would cost alone, the
    points at the worth of those that are expected to be used (`used_share`, from 0 to
    1); the part of the points is earned as they are used. Money in the programme's
    currency, to whole öre.
    """
    expected = issued_worth * used_share
    if sales <= 0 or expected <= 0:
        return _ZERO
    allocated = sales * expected / (sales + expected)
    left = max(1 - used_worth / expected, _ZERO)
    return (allocated * left).quantize(_OERE, rounding=ROUND_HALF_UP)


def _sold(programme: Programme, until: datetime) -> dict[date, Decimal]:
    sold: dict[date, Decimal] = {}
    for sales in _sales:
        for month, amount in sales(programme, until).items():
            sold[month] = sold.get(month, _ZERO) + amount
    return sold


def _cohort(
    row: tuple[date, int, int, int, int, int],
    sales: Decimal,
    used_share: Decimal,
    rule: rules.EarningRule | None,
) -> Cohort:
    month, issued, used, expired, taken_back, outstanding = row
    if rule is None:
        worth = liability = _ZERO
    else:
        worth = rules.worth(outstanding, rule)
        liability = contract_liability(
            sales=sales,
            issued_worth=rules.worth(max(issued - taken_back, 0), rule),
            used_worth=rules.worth(used, rule),
            used_share=used_share,
        )
        # What has lapsed or is gone is owed to nobody.
        liability = min(liability, worth) if outstanding > 0 else _ZERO
    return Cohort(
        month=month,
        issued=issued,
        used=used,
        expired=expired,
        taken_back=taken_back,
        outstanding=outstanding,
        sales=sales,
        worth=worth,
        liability=liability,
    )
