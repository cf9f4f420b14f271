"""Close a month, so that nothing is booked in it any more."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from common.periods import add_months, local_day, start_of_day
from points.books import liability
from points.models import BreakageAssumption, ClosedMonth, Entry
from stores import audit
from stores.models import Programme, Staff

MONTH_CLOSED = "points.month_closed"
ASSUMPTION_WRITTEN = "points.assumption_written"


class CannotClose(ValueError):
    """Raised for a month that cannot be closed; the message says why."""


def next_month(programme: Programme) -> date | None:
    """Return the first month that is still open; None while nothing was ever earned."""
    last = (
        ClosedMonth.objects.filter(programme=programme)
        .order_by("-month")
        .values_list("month", flat=True)
        .first()
    )
    if last is not None:
        return add_months(last, 1)
    first = (
        Entry.objects.filter(member__programme=programme)
        .order_by("posted_at")
        .values_list("posted_at", flat=True)
        .first()
    )
    if first is None:
        return None
    return local_day(first, programme.zone).replace(day=1)


def close_month(
    *, programme: Programme, month: date, staff: Staff | None, now: datetime
) -> ClosedMonth:
    """Close the books of a month and write down what stood in them.

    Raises:
        CannotClose: it is not over, not the next one, or closed already.
    """
    with transaction.atomic():
        # One at a time: the next month depends on the last one closed.
        Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
        if month != next_month(programme):
            raise CannotClose(_("Months are closed one after the other."))
        ends_at = start_of_day(add_months(month, 1), programme.zone)
        if now < ends_at:
            raise CannotClose(_("The month is not over yet."))
        total = liability.books_at(programme=programme, until=ends_at).total
        closed = ClosedMonth.objects.create(
            programme=programme,
            month=month,
            ends_at=ends_at,
            closed_at=now,
            closed_by=staff,
            issued=total.issued,
            used=total.used,
            expired=total.expired,
            outstanding=total.outstanding,
            liability=total.liability,
        )
        audit.record(
            programme=programme,
            actor=staff,
            action=MONTH_CLOSED,
            now=now,
            subject=f"{month:%Y-%m}",
        )
    return closed


def write_assumption(
    *,
    programme: Programme,
    valid_from: date,
    used_share: Decimal,
    because: str,
    staff: Staff,
    now: datetime,
) -> BreakageAssumption:
    """Write down from when on which share of points is expected to be used.

    Raises:
        CannotClose: the day lies in a month whose books are closed.
    """
    with transaction.atomic():
        Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
        last = (
            ClosedMonth.objects.filter(programme=programme).order_by("-ends_at").first()
        )
        closed_until = local_day(last.ends_at, programme.zone) if last else None
        # The last day of a closed month too: the books of that day are written.
        if closed_until is not None and valid_from < closed_until - timedelta(days=1):
            raise CannotClose(_("The books of that day are closed."))
        written = BreakageAssumption.objects.create(
            programme=programme,
            valid_from=valid_from,
            used_share=used_share,
            because=because,
            written_at=now,
            written_by=staff,
        )
        audit.record(
            programme=programme,
            actor=staff,
            action=ASSUMPTION_WRITTEN,
            now=now,
            subject=f"{valid_from} {used_share} %",
        )
    return written
