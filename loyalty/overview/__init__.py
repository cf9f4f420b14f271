"""What the home page says: how the club is doing, and what waits for somebody.

A store manager sees the figures of their own stores.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.money import display
from common.ui import charts
from loyalty.overview import readings
from loyalty.overview.needs import Need, Step, list_first_steps, list_needs
from loyalty.overview.readings import (
    ZERO,
    Joined,
    Span,
    count_people,
    joined_in,
    left_in,
    make_span,
    member_sales,
    sum_sales,
    turnover_of,
    within,
)
from members.models import Member
from points import rules
from points.selectors import find_rule
from purchases.models import Receipt
from stores.models import Programme
from stores.roles import Role

PERIODS: Sequence[tuple[str, str | Promise]] = (
    ("7", gettext_lazy("7 days")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
)
DEFAULT_PERIOD = 30
# Stores with a line of their own in the list of new members; the rest are summed up.
LISTED_STORES = 6


@dataclass(frozen=True, slots=True)
class Change:
    """A figure against the period before, as `<c-delta>` wants it."""

    direction: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure of the strip."""

    label: str
    value: str
    note: str
    unit: str = ""
    change: Change | None = None
    spark: charts.Spark | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The home page."""

    is_empty: bool
    figures: list[Figure] = field(default_factory=list)
    sales: str = ""
    sales_change: Change | None = None
    sales_share: str = ""
    sales_chart: charts.Chart | None = None
    new_members: int = 0
    new_by_store: list[charts.Bar] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def read_period(text: str) -> int:
    """Return the number of days asked for, or 30."""
    known = {key for key, _label in PERIODS}
    return int(text) if text in known else DEFAULT_PERIOD


def summarize(
    *,
    programme: Programme,
    store_ids: frozenset[int] | None,
    roles: frozenset[Role],
    days: int,
    now: datetime,
) -> Summary:
    """Return the home page of a programme, or of some of its stores."""
    span = make_span(programme.zone, days, now)
    members = within(
        Member.objects.filter(programme=programme), "registered_store", store_ids
    )
    # Of the programme's own currency, the one that the figures are shown in.
    receipts = within(
        Receipt.objects.filter(programme=programme, currency=programme.currency),
        "store",
        store_ids,
    )
    people = count_people(members, now)
    joined = joined_in(members, span)
    turnover = turnover_of(receipts, span)
    if not people["all"] and not turnover:
        return Summary(is_empty=True, steps=list_first_steps(roles))
    sales, sales_before = (
        sum_sales(turnover, span.days),
        sum_sales(turnover, span.before),
    )
    everything = sum((turnover[day][1] for day in span.days if day in turnover), ZERO)
    new_members = joined.total(span.days)
    change = _change(sales, sales_before)
    write = _writer(programme)
    # Today counts in the figures; in a line it would only look like a fall.
    over, over_before = span.days[:-1], span.before[:-1]
    return Summary(
        is_empty=False,
        figures=[
            _active(people["active"], joined, left_in(members, span), span),
            Figure(
                label=_("New members"),
                value=_number(new_members),
                change=_change(new_members, joined.total(span.before)),
                note=_("against the period before"),
                spark=charts.spark([joined.by_day.get(day, 0) for day in span.days]),
            ),
            Figure(
                label=_("Member sales"),
                value=display(sales, programme.currency, ore=False),
                change=change,
                note=_share(sales, everything),
                spark=charts.spark([member_sales(turnover, day) for day in over]),
            ),
            _outstanding(programme, store_ids, now),
        ],
        sales=display(sales, programme.currency, ore=False),
        sales_change=change,
        sales_share=_share(sales, everything),
        sales_chart=charts.line_chart(
            labels=[date_format(day, "SHORT_DAY_FORMAT") for day in over],
            now=[member_sales(turnover, day) for day in over],
            now_name=_("This period"),
            then=[member_sales(turnover, day) for day in over_before]
            if sales_before
            else (),
            then_name=_("Period before") if sales_before else "",
            write=write,
            write_tick=_number,
        )
        if turnover
        else None,
        new_members=new_members,
        new_by_store=_by_store(joined.by_store),
        needs=list_needs(
            programme=programme,
            store_ids=store_ids,
            roles=roles,
            pending=people["pending"],
            now=now,
        ),
    )


def _active(active: int, joined: Joined, left: dict[date, int], span: Span) -> Figure:
    net = [joined.by_day.get(day, 0) - left.get(day, 0) for day in span.days]
    # Backwards from today's figure: the line ends where the number stands.
    then = active - sum(net)
    return Figure(
        label=_("Active members"),
        value=_number(active),
        change=_change(active, then),
        note=_("since the period began"),
        spark=charts.spark(list(accumulate(net, initial=then))),
    )


def _outstanding(
    programme: Programme, store_ids: frozenset[int] | None, now: datetime
) -> Figure:
    """Return the points that members can use, with what they are worth."""
    points = readings.outstanding(programme, store_ids)
    rule = find_rule(programme_id=programme.pk, at=now)
    note = _("no rule yet")
    if rule is not None:
        money = display(rules.worth(points, rule), programme.currency, ore=False)
        note = _("worth %(money)s") % {"money": money}
    return Figure(label=_("Points to use"), value=_number(points), note=note)


def _by_store(ranked: list[tuple[str, int]]) -> list[charts.Bar]:
    rows: list[tuple[str, charts.Number]] = list(ranked[:LISTED_STORES])
    rest = sum(number for _name, number in ranked[LISTED_STORES:])
    if rest:
        rows.append((_("Other stores"), rest))
    return charts.bars(rows)


def _share(part: Decimal, whole: Decimal) -> str:
    if whole <= 0:
        return _("no sales in the period")
    return _("%(percent)s of all sales") % {
        "percent": charts.percent(float(part / whole))
    }


def _change(now: Decimal | int, then: Decimal | int) -> Change | None:
    """Return the change in per cent, or None when there is nothing to compare with."""
    if not then:
        return None
    percent = (Decimal(now) - Decimal(then)) / Decimal(then) * 100
    rounded = round(percent, 1)
    direction = "up" if rounded > 0 else "down" if rounded < 0 else "flat"
    return Change(direction=direction, text=f"{number_format(abs(rounded), 1)}\u00a0%")


def _number(value: charts.Number) -> str:
    return number_format(value, 0, force_grouping=True)


def _writer(programme: Programme) -> charts.Writer:
    return lambda value: display(
        charts.as_decimal(value), programme.currency, ore=False
    )
