"""What was loaded, in numbers that add up."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, Sum

from loyalty.demo.grocer import Grocer
from loyalty.demo.shelf import KRONOR_PER_DOLLAR
from loyalty.demo.small import SmallClub
from members.models import Member
from points.models import Entry
from purchases.loading.loaded import Loaded
from purchases.models import Receipt, ReceiptLine
from stores.models import Programme


def lines(
    made: SmallClub | Grocer, programme: Programme, loaded: Loaded, seconds: float
) -> Iterator[str]:
    """Yield what was read, what was left out by which rule, and what is there now."""
    if isinstance(made, Grocer):
        yield from _source(made)
    yield from _club(programme)
    if loaded.present:
        yield f"Already there, unchanged: {_n(loaded.present)} receipts."
    for unique_id, code in loaded.refused:
        yield f"Not accepted: {unique_id} ({code})."
    if loaded.lines:
        yield (
            f"Loaded {_n(loaded.recorded)} receipts with {_n(loaded.lines)} lines in "
            f"{seconds:.1f} s: {_n(round(loaded.lines / seconds))} lines a second."
        )


def _source(made: Grocer) -> Iterator[str]:
    tally = made.journey.tally()
    rows = (
        ("Read from the source", tally.households, tally.baskets, tally.lines),
        (
            "  left out: no quantity and no value",
            0,
            tally.empty_baskets,
            tally.empty_lines,
        ),
        ("To load", tally.households, tally.kept_baskets, tally.kept_lines),
    )
    yield f"{'':<40}{'households':>12}{'baskets':>12}{'lines':>12}"
    for name, *counts in rows:
        yield f"{name:<40}" + "".join(f"{_n(count):>12}" for count in counts)
    yield f"  of these lines, a quantity of 0 read as 1:   {_n(tally.without_quantity)}"
    yield f"  fuel, counted in thousandths:                {_n(tally.thousandths)}"
    yield f"  given away (value 0), kept:                  {_n(tally.free)}"
    dollars = Decimal(tally.cents) / 100
    kronor = dollars * KRONOR_PER_DOLLAR
    yield f"Sales of the source: {dollars:,.2f} dollars = {kronor:,.2f} kr."


def _club(programme: Programme) -> Iterator[str]:
    receipts = Receipt.objects.filter(programme=programme, source=Receipt.Source.DEMO)
    sums = receipts.aggregate(count=Count("pk"), total=Sum("total"))
    entries = Entry.objects.filter(member__programme=programme)
    statuses = (
        Member.objects.filter(programme=programme)
        .values_list("status")
        .annotate(count=Count("pk"))
        .order_by("status")
    )
    found = ", ".join(f"{_n(count)} {status.lower()}" for status, count in statuses)
    line_count = ReceiptLine.objects.filter(receipt__in=receipts).count()
    points = entries.aggregate(points=Sum("points"))["points"] or 0
    yield f"{programme.name}: members {found}; {programme.stores.count()} stores."
    yield (
        f"In the database: {_n(sums['count'])} receipts, {_n(line_count)} lines, "
        f"{sums['total'] or 0:,.2f} kr; {_n(points)} points."
    )


def _n(count: int) -> str:
    return f"{count:,}".replace(",", " ")
