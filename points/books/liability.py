"""What the club owes in points, by the month in which they were earned.

Counted by the day of business: what a purchase of May gave is May's, whenever the till
sent it; unless May is closed, then it is booked when it came (`points.books.booking`).
A closed month says what stood in it, for ever.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from points import rules
from points.books import counting, figures
from points.books.counting import Points, Span
from points.books.figures import Beside, Books, Cohort, Expiring
from points.models import BreakageAssumption, ClosedMonth
from points.selectors import find_rule
from stores.models import Programme

# What the goods cost that earned, by month, of what was booked in a span; and what is
# owed beside the points.
Sales = Callable[[Programme, datetime | None, datetime], Mapping[date, Decimal]]
Owed = Callable[[Programme, datetime], Beside]

_ZERO = Decimal(0)
_OERE = Decimal("0.01")
_HUNDRED = Decimal(100)

_sales: list[Sales] = []
_beside: list[Owed] = []


def register_sales(sales: Sales) -> None:
    """Have `sales(programme, since, until)` tell what the goods cost that earned.

    From the room of purchases, in `AppConfig.ready()`; by month of business, of what
    was booked from `since`, None for the beginning, and before `until`.
    """
    _sales.append(sales)


def register_beside(owed: Owed) -> None:
    """Have `owed(programme, until)` tell what is owed that points have become.

    From the room of offers, in `AppConfig.ready()`: a voucher that is open is owed
    until it is used or lapses, though the points for it are spent.
    """
    _beside.append(owed)


def books_at(*, programme: Programme, until: datetime) -> Books:
    """Return what is owed for business before a moment.

    Points are valued by the rule in force then, or the first one after it; without an
    assumption on breakage every point counts as one that will be used.
    """
    last = last_closed(programme, until)
    if last is not None and last.ends_at == until:
        return figures.load(last.figures)
    return work_out(Span(programme, last, until))


def beside_at(*, programme: Programme, until: datetime) -> Beside:
    """Return what is owed beside the points for business before a moment."""
    last = last_closed(programme, until)
    if last is not None and last.ends_at == until:
        return figures.load(last.figures).beside
    return _beside_of(programme, until)


def last_closed(programme: Programme, until: datetime) -> ClosedMonth | None:
    """Return the last month that was over at a moment and is closed by now."""
    return (
        ClosedMonth.objects.filter(
            programme=programme, ends_at__lte=until, figures__isnull=False
        )
        .order_by("-ends_at")
        .first()
    )


def work_out(span: Span) -> Books:
    """Add what was booked in a span to what stood in the closed month before it."""
    programme, until = span.programme, span.until
    kept = figures.load(span.since.figures) if span.since else None
    counted = counting.count(span)
    points = dict(counted.cohorts)
    sold = _sold(span)
    owed_before = outstanding_before = 0
    if kept is not None:
        owed_before = kept.owed_by_members
        for each in kept.cohorts:
            key = (each.month, each.by_receipt)
            outstanding_before += each.outstanding
            points[key] = points.get(key, Points()) + Points(
                each.issued,
                each.used,
                each.expired,
                each.taken_back,
                each.outstanding,
            )
            if each.by_receipt:
                sold[each.month] = sold.get(each.month, _ZERO) + each.sales
    assumption = assumption_at(programme, until)
    share = assumption.used_share / _HUNDRED if assumption else Decimal(1)
    rule = find_rule(programme_id=programme.pk, at=until) or find_rule(
        programme_id=programme.pk
    )
    cohorts = tuple(
        _cohort(month, by_receipt, points[month, by_receipt], sold, share, rule)
        # Of one month what receipts gave first.
        for month, by_receipt in sorted(points, key=lambda key: (key[0], not key[1]))
    )
    outstanding = sum(each.outstanding for each in cohorts)
    return Books(
        cohorts=cohorts,
        owed_by_members=(
            owed_before + outstanding - outstanding_before - counted.points
        ),
        expiring=tuple(
            Expiring(
                month,
                found,
                rules.worth(found, rule) if rule else _ZERO,
                _expected(month, found, share),
            )
            for month, found in counting.expiring(span)
        ),
        beside=_beside_of(programme, until),
        late=counted.late,
        used_share=assumption.used_share if assumption else None,
        assumed_from=assumption.valid_from if assumption else None,
        because=assumption.because if assumption else "",
    )


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
    return _to_oere(allocated * left)


def _to_oere(amount: Decimal) -> Decimal:
    return amount.quantize(_OERE, rounding=ROUND_HALF_UP)


def _expected(month: date | None, points: int, used_share: Decimal) -> int:
    """Return how many of the points that can lapse in a month are expected to."""
    if month is None:
        return 0
    return int((points * (1 - used_share)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _sold(span: Span) -> dict[date, Decimal]:
    sold: dict[date, Decimal] = {}
    since = span.since.ends_at if span.since else None
    for sales in _sales:
        for month, amount in sales(span.programme, since, span.until).items():
            sold[month] = sold.get(month, _ZERO) + amount
    return sold


def _beside_of(programme: Programme, until: datetime) -> Beside:
    found = [owed(programme, until) for owed in _beside]
    return Beside(
        with_purchase=sum((each.with_purchase for each in found), _ZERO),
        without_purchase=sum((each.without_purchase for each in found), _ZERO),
        number=sum(each.number for each in found),
    )


def _cohort(
    month: date,
    by_receipt: bool,
    points: Points,
    sold: Mapping[date, Decimal],
    used_share: Decimal,
    rule: rules.EarningRule | None,
) -> Cohort:
    sales = sold.get(month, _ZERO) if by_receipt else _ZERO
    worth = liability = _ZERO
    if rule is not None:
        worth = rules.worth(max(points.outstanding, 0), rule)
        if sales > 0:
            liability = contract_liability(
                sales=sales,
                issued_worth=rules.worth(
                    max(points.issued - points.taken_back, 0), rule
                ),
                used_worth=rules.worth(max(points.used, 0), rule),
                used_share=used_share,
            )
            # What has lapsed or is gone is owed to nobody.
            liability = min(liability, worth)
        else:
            # No price was paid for them that could be shared: a gift, an action, what
            # another system handed over. They are owed at what they will cost.
            liability = _to_oere(worth * used_share)
    return Cohort(
        month=month,
        by_receipt=by_receipt,
        issued=points.issued,
        used=points.used,
        expired=points.expired,
        taken_back=points.taken_back,
        outstanding=points.outstanding,
        sales=sales,
        worth=worth,
        liability=liability,
    )
