"""Close a month, so that nothing is booked in it any more."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from common.periods import add_months, local_day, start_of_day
from points.books import figures, liability
from points.books.counting import Span
from points.models import Account, BreakageAssumption, ClosedMonth, Entry
from stores import audit
from stores.models import Programme, Staff

MONTH_CLOSED = "points.month_closed"
ASSUMPTION_WRITTEN = "points.assumption_written"

# Waits for what is being posted, and lets nothing begin meanwhile; postings hold it
# together. Tills do not wait long for a load that does not end.
_PATIENCE = "SET LOCAL lock_timeout = '3s'"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('points_books:' || %s, 7303))"
_LAST_USE = "SELECT COALESCE(max(id), 0) FROM points_lotuse"


class CannotClose(ValueError):
    """Raised for a month that cannot be closed; the message says why."""


def next_month(programme: Programme) -> date | None:
    """Return the first month that is still open; None while nothing was ever earned.

    A month whose closing was broken off is open until its figures are written down.
    """
    last = ClosedMonth.objects.filter(programme=programme).order_by("-month").first()
    if last is not None:
        return last.month if last.liability is None else add_months(last.month, 1)
    if not Account.objects.filter(member__programme=programme).exists():
        return None
    # By key, which is the order of posting: the first of them ends the search.
    first = (
        Entry.objects.filter(member__programme=programme)
        .order_by("pk")
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

    Tills wait for the first step only: from it on the figures cannot move, and can be
    counted while the next receipts are posted.

    Raises:
        CannotClose: it is not over, not the next one, or closed already; or so much is
            being posted that it cannot be closed just now.
    """
    try:
        begun = _begin(programme, month, staff, now)
    except OperationalError as error:
        raise CannotClose(
            _("Many points are being posted just now. Close the month a little later.")
        ) from error
    return _write_down(begun)


def _begin(
    programme: Programme, month: date, staff: Staff | None, now: datetime
) -> ClosedMonth:
    with transaction.atomic():
        # One at a time: the next month depends on the last one closed.
        Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
        if month != next_month(programme):
            raise CannotClose(_("Months are closed one after the other."))
        ends_at = start_of_day(add_months(month, 1), programme.zone)
        if now < ends_at:
            raise CannotClose(_("The month is not over yet."))
        broken_off = ClosedMonth.objects.filter(
            programme=programme, month=month
        ).first()
        if broken_off is not None:
            return broken_off
        with connection.cursor() as cursor:
            cursor.execute(_PATIENCE)
            cursor.execute(_LOCK, [programme.pk])
            cursor.execute(_LAST_USE)
            ((uses_until,),) = cursor.fetchall()
        closed = ClosedMonth.objects.create(
            programme=programme,
            month=month,
            ends_at=ends_at,
            closed_at=now,
            closed_by=staff,
            uses_until=uses_until,
        )
        audit.record(
            programme=programme,
            actor=staff,
            action=MONTH_CLOSED,
            now=now,
            subject=f"{month:%Y-%m}",
        )
    return closed


def _write_down(closed: ClosedMonth) -> ClosedMonth:
    # Not its own: that has no figures yet.
    before = liability.last_closed(closed.programme, closed.ends_at)
    span = Span(closed.programme, before, closed.ends_at, closed.uses_until)
    books = liability.work_out(span)
    total = books.total
    closed.issued = total.issued
    closed.used = total.used
    closed.expired = total.expired
    closed.outstanding = total.outstanding
    closed.liability = books.liability
    closed.figures = figures.dump(books)
    closed.save(
        update_fields=[
            "issued",
            "used",
            "expired",
            "outstanding",
            "liability",
            "figures",
        ]
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
