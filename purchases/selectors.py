"""Reading receipts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Count, DateField, Max, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth

from members.models import Member
from points.books import booking
from points.models import Entry
from purchases.models import Receipt, ReceiptLine
from stores.models import Programme

_LAST = """
SELECT m.id, r.purchased_at FROM unnest(%s::bigint[]) AS m (id)
CROSS JOIN LATERAL (
    SELECT r.purchased_at FROM purchases_receipt r WHERE r.member_id = m.id
    ORDER BY r.purchased_at DESC LIMIT 1
) AS r
"""


@dataclass(frozen=True, slots=True)
class Purchases:
    """What a member has bought in all, less what came back.

    `amount` is of the receipts in the programme's own currency; others would not add
    up with it.
    """

    receipts: int
    amount: Decimal
    currency: str
    last_at: datetime | None


def list_receipts(member: Member) -> QuerySet[Receipt]:
    """Return a member's receipts with their lines, newest first."""
    return (
        Receipt.objects.filter(member=member)
        .select_related("store")
        .prefetch_related(
            Prefetch("lines", queryset=ReceiptLine.objects.order_by("number"))
        )
        .order_by("-purchased_at", "-id")
    )


def summarize_purchases(member: Member) -> Purchases:
    """Return how many receipts a member has, their sum, and when the last one was."""
    found = Receipt.objects.filter(member=member).aggregate(
        receipts=Count("pk", filter=Q(total__gt=0)),
        amount=Sum("total", filter=Q(currency=member.programme.currency)),
        last_at=Max("purchased_at"),
    )
    return Purchases(
        receipts=found["receipts"],
        amount=found["amount"] or Decimal(0),
        currency=member.programme.currency,
        last_at=found["last_at"],
    )


def last_purchases(members: Collection[int]) -> dict[int, datetime]:
    """Return when members bought last, by their keys, in one question."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [list(members)])
        return dict(cursor.fetchall())


def earning_sales(
    programme: Programme, since: datetime | None, until: datetime
) -> dict[date, Decimal]:
    """Return what the goods cost that earned points, by month, less what came back.

    In the programme's own currency, by the month of the purchase in its zone; of
    purchases and returns that are booked from `since`, None for the beginning, and
    before `until`. A purchase that was claimed is booked with its points.
    """
    receipts = _booked(programme, since, until)
    sold = receipts.filter(
        currency=programme.currency, member__isnull=False, eligible__gt=0
    )
    returned = receipts.filter(
        original__currency=programme.currency,
        original__member__isnull=False,
        return_eligible__gt=0,
    )
    sums = _by_month(sold, "purchased_at", "eligible", programme)
    for month, amount in _by_month(
        returned, "original__purchased_at", "return_eligible", programme
    ).items():
        sums[month] = sums.get(month, Decimal(0)) - amount
    return sums


def _booked(
    programme: Programme, since: datetime | None, until: datetime
) -> QuerySet[Receipt]:
    """Return the receipts of a span of the books, as their points are booked."""
    receipts = Receipt.objects.filter(programme=programme).annotate(
        written_at=Coalesce("claimed_at", "recorded_at")
    )
    columns = {"at": "purchased_at", "recorded": "written_at"}
    found = receipts.filter(booking.is_before(programme, until, **columns))
    if since is None:
        return found
    # Late ones are found by their entries: those have an index by time.
    late = Entry.objects.filter(
        posted_at__gte=since, at__lt=since, source_type="receipt"
    ).values("source_id")
    return found.filter(
        Q(purchased_at__gte=since) | Q(public_id__in=late),
    ).exclude(booking.is_before(programme, since, **columns))


def _by_month(
    receipts: QuerySet[Receipt], at: str, amount: str, programme: Programme
) -> dict[date, Decimal]:
    month = TruncMonth(at, tzinfo=programme.zone, output_field=DateField())
    sums = (
        receipts.annotate(month=month)
        .order_by()
        .values("month")
        .annotate(amount=Sum(amount))
    )
    return {row["month"]: row["amount"] for row in sums}
