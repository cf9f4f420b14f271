"""How many registrations were finished, where, by whom and by which way.

Finished, not begun: only that makes a member. Imports are left out, for nobody was
asked. No figure names a member.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncDate

from common.periods import local_day, start_of_day
from enrolment.models import Registration
from members.models import Member
from stores.models import Programme, Staff, Store

_Outcome, _Way = Registration.Outcome, Registration.Way


class _Median(Aggregate):
    """The middle value; PostgreSQL's own."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of registrations in a period.

    `share` is of those that began in it: how many have finished since, from 0 to 1.
    """

    finished: int
    returned: int
    started: int
    started_finished: int
    median: timedelta | None
    waiting: int

    @property
    def share(self) -> float | None:
        """Return how large a part of what began is finished; None of nothing."""
        return self.started_finished / self.started if self.started else None


@dataclass(frozen=True, slots=True)
class StoreRow:
    """The figures of one store, or of no store: at home."""

    store: Store | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class StaffRow:
    """The figures of one person in one store."""

    staff: Staff
    store: Store | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class WayRow:
    """The figures of one way in and one placement."""

    way: str
    placement: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the page of registrations shows."""

    total: Figures
    stores: list[StoreRow]
    people: list[StaffRow]
    ways: list[WayRow]
    # Finished on each day of the period, oldest first.
    days: list[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class Week:
    """This week so far: of a store, of a person in it, and the chain's best store."""

    here: int
    mine: int
    best_store: str
    best: int

    @property
    def is_best(self) -> bool:
        """Tell whether no store has more."""
        return self.here > 0 and self.here >= self.best


def finished(*, store: Store, staff: Staff | None, now: datetime) -> Week:
    """Return how many a store, and a person in it, have finished since Monday.

    One statement over the week's finished registrations.
    """
    programme = store.programme
    today = local_day(now, programme.zone)
    monday = start_of_day(today - timedelta(days=today.weekday()), programme.zone)
    rows = list(
        _finished_between(programme, monday, now + timedelta(microseconds=1))
        .filter(store__isnull=False)
        .values("store_id", "store__name")
        .annotate(
            finished=Count("pk"),
            mine=Count("pk", filter=Q(staff=staff)) if staff else Count("pk") * 0,
        )
        .order_by("-finished", "store__name")
    )
    own: dict[str, Any] = next(
        (row for row in rows if row["store_id"] == store.pk), {"finished": 0, "mine": 0}
    )
    best: dict[str, Any] = rows[0] if rows else {"store__name": "", "finished": 0}
    return Week(
        here=own["finished"],
        mine=own["mine"],
        best_store=best["store__name"],
        best=best["finished"],
    )


def summarize(
    *,
    programme: Programme,
    store_ids: Collection[int] | None,
    days: int,
    now: datetime,
) -> Summary:
    """Return the figures of the last `days` days, today among them.

    `store_ids` None is the whole chain, with what began at home. Six statements,
    however many stores and people there are.
    """
    last = local_day(now, programme.zone)
    first = last - timedelta(days=days - 1)
    since = start_of_day(first, programme.zone)
    rows = _rows(programme, store_ids, since)
    by_store = _grouped(rows, since, "store_id")
    by_person = _grouped(rows.exclude(staff=None), since, "staff_id", "store_id")
    people = Staff.objects.in_bulk({row["staff_id"] for row in by_person})
    stores = Store.objects.filter(programme=programme)
    if store_ids is not None:
        stores = stores.filter(pk__in=store_ids)
    known = {store.pk: store for store in stores}
    return Summary(
        total=_figures(rows.aggregate(**_measures(since))),
        stores=_store_rows(known, by_store, with_home=store_ids is None),
        people=sorted(
            (
                StaffRow(
                    people[row["staff_id"]],
                    known.get(row["store_id"]),
                    _figures(row),
                )
                for row in by_person
            ),
            key=lambda row: (-row.figures.finished, row.staff.name),
        ),
        ways=[
            WayRow(row["way"], row["placement"], _figures(row))
            for row in _grouped(rows, since, "way", "placement")
        ],
        days=_by_day(rows, since, first, last, programme),
    )


def _store_rows(
    known: dict[int, Store], grouped: Sequence[dict[str, Any]], *, with_home: bool
) -> list[StoreRow]:
    """Put a row for every open store, also one that has finished nothing."""
    figures = {row["store_id"]: _figures(row) for row in grouped}
    found = [
        StoreRow(store, figures.get(store.pk, _NOTHING))
        for store in known.values()
        if store.is_active or store.pk in figures
    ]
    if with_home and None in figures:
        found.append(StoreRow(None, figures[None]))
    return sorted(
        found,
        key=lambda row: (-row.figures.finished, row.store.name if row.store else "~"),
    )


_NOTHING = Figures(
    finished=0, returned=0, started=0, started_finished=0, median=None, waiting=0
)


def _rows(
    programme: Programme, store_ids: Collection[int] | None, since: datetime
) -> QuerySet[Registration]:
    # What began in the period either is open or ended in it: so both indexes serve.
    ended = [_Outcome.FINISHED, _Outcome.ERASED, _Outcome.LAPSED]
    rows = Registration.objects.filter(
        Q(outcome=_Outcome.OPEN) | Q(outcome__in=ended, ended_at__gte=since),
        programme=programme,
    ).exclude(way=_Way.IMPORT)
    return rows if store_ids is None else rows.filter(store__in=store_ids)


def _finished_between(
    programme: Programme, since: datetime, until: datetime
) -> QuerySet[Registration]:
    return Registration.objects.filter(
        programme=programme,
        outcome=_Outcome.FINISHED,
        ended_at__gte=since,
        ended_at__lt=until,
    ).exclude(way=_Way.IMPORT)


def _measures(since: datetime) -> dict[str, Any]:
    is_finished = Q(outcome=_Outcome.FINISHED)
    began = Q(started_at__gte=since)
    took = ExpressionWrapper(
        F("ended_at") - F("started_at"), output_field=DurationField()
    )
    waits = Q(
        outcome=_Outcome.OPEN,
        member__status__in=[Member.Status.PENDING, Member.Status.LEFT],
    )
    return {
        "finished": Count("pk", filter=is_finished),
        "returned": Count("pk", filter=is_finished & Q(is_return=True)),
        "started": Count("pk", filter=began),
        "started_finished": Count("pk", filter=began & is_finished),
        "median": _Median(took, filter=is_finished, output_field=DurationField()),
        "waiting": Count("pk", filter=waits),
    }


def _grouped(
    rows: QuerySet[Registration], since: datetime, *by: str
) -> list[dict[str, Any]]:
    return list(
        rows.values(*by).annotate(**_measures(since)).order_by("-finished", *by)
    )


def _figures(row: dict[str, Any]) -> Figures:
    return Figures(
        finished=row["finished"],
        returned=row["returned"],
        started=row["started"],
        started_finished=row["started_finished"],
        median=row["median"],
        waiting=row["waiting"],
    )


def _by_day(
    rows: QuerySet[Registration],
    since: datetime,
    first: date,
    last: date,
    programme: Programme,
) -> list[tuple[date, int]]:
    counted: Iterable[dict[str, Any]] = (
        rows.filter(outcome=_Outcome.FINISHED, ended_at__gte=since)
        .annotate(day=TruncDate("ended_at", tzinfo=programme.zone))
        .values("day")
        .annotate(finished=Count("pk"))
    )
    by_day = {row["day"]: row["finished"] for row in counted}
    days = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    return [(day, by_day.get(day, 0)) for day in days]
