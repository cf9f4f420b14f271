"""Reading goodwill: the reasons, what was given, and what became of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import (
    Count,
    DecimalField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, TruncDate

from common.periods import add_months, start_of_day
from points.goodwill.allowances import MANAGERS, allowances_of
from points.models import Activity, GoodwillGrant, GoodwillReason
from stores.models import Programme, RoleGrant, Staff, Store


def list_reasons(programme: Programme) -> QuerySet[GoodwillReason]:
    """Return the reasons that staff choose from, in their order."""
    return all_reasons(programme).filter(is_active=True)


def all_reasons(programme: Programme) -> QuerySet[GoodwillReason]:
    """Return every reason of a club, also those that are no longer in use."""
    return GoodwillReason.objects.filter(programme=programme).order_by("order", "pk")


def list_managers(store: Store) -> QuerySet[Staff]:
    """Return who can approve at a store's devices: they run it and have a PIN."""
    runs = Q(roles__store=store) | Q(roles__store=None)
    return (
        Staff.objects.filter(
            runs, roles__role__in=MANAGERS, programme=store.programme, is_active=True
        )
        .exclude(pin_hash="")
        .distinct()
        .order_by("name", "pk")
    )


def list_grants(
    *, programme: Programme, store_ids: Collection[int] | None
) -> QuerySet[GoodwillGrant]:
    """Return the grants of some stores (None: all), with the member's days since.

    `visits_since` and `spend_since` are those of the days after it.
    """
    after = (
        Activity.objects.filter(
            member=OuterRef("member"),
            on__gt=OuterRef("given_on"),
        )
        .order_by()
        .values("member")
    )
    grants = GoodwillGrant.objects.filter(store__programme=programme)
    grants = grants.annotate(
        given_on=TruncDate("at", tzinfo=programme.zone),
    ).annotate(
        visits_since=Coalesce(
            Subquery(after.annotate(n=Sum("visits")).values("n")),
            Value(0),
            output_field=IntegerField(),
        ),
        spend_since=Coalesce(
            Subquery(after.annotate(n=Sum("spend")).values("n")),
            Value(Decimal(0)),
            output_field=DecimalField(max_digits=12, decimal_places=2),
        ),
    )
    if store_ids is not None:
        grants = grants.filter(store__in=list(store_ids))
    return grants.select_related("member", "staff", "approved_by", "store", "reason")


@dataclass(frozen=True, slots=True)
class Total:
    """What was given for a reason, in a store or by a person; what of how much."""

    name: str
    text: str
    grants: int
    worth: Decimal
    # In the month, for stores and people.
    allowed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The goodwill of one month."""

    grants: int
    worth: Decimal
    members: int
    # How many of the members have been back on a later day.
    came_back: int
    reasons: list[Total]
    stores: list[Total]
    people: list[Total]


def month_bounds(month: date, programme: Programme) -> tuple[datetime, datetime]:
    """Return the half-open bounds of a month, in the club's zone."""
    zone = programme.zone
    return start_of_day(month, zone), start_of_day(add_months(month, 1), zone)


def summarize(
    *, programme: Programme, store_ids: Collection[int] | None, month: date
) -> Summary:
    """Add up one month's goodwill by reason, store and person."""
    starts_at, ends_at = month_bounds(month, programme)
    grants = list_grants(programme=programme, store_ids=store_ids).filter(
        at__gte=starts_at, at__lt=ends_at
    )
    total = grants.aggregate(
        grants=Count("pk"),
        worth=Coalesce(Sum("worth"), Decimal(0)),
        members=Count("member", distinct=True),
        came_back=Count("member", distinct=True, filter=Q(visits_since__gt=0)),
    )
    plain = GoodwillGrant.objects.filter(
        pk__in=grants.order_by().values("pk")
    ).order_by()
    return Summary(
        grants=total["grants"],
        worth=total["worth"],
        members=total["members"],
        came_back=total["came_back"],
        reasons=_by_reason(plain),
        stores=_by_store(plain),
        people=_by_person(plain),
    )


def _by_reason(grants: QuerySet[GoodwillGrant]) -> list[Total]:
    summed = {
        row["reason"]: row
        for row in grants.values("reason").annotate(n=Count("pk"), kr=Sum("worth"))
    }
    reasons = GoodwillReason.objects.filter(pk__in=summed)
    totals = [
        Total(each.name, "", summed[each.pk]["n"], summed[each.pk]["kr"])
        for each in reasons
    ]
    return sorted(totals, key=lambda each: (-each.worth, each.name))


def _by_store(grants: QuerySet[GoodwillGrant]) -> list[Total]:
    summed = {
        row["store"]: row
        for row in grants.values("store").annotate(n=Count("pk"), kr=Sum("worth"))
    }
    stores = list(Store.objects.filter(pk__in=summed).select_related("programme"))
    allowances = allowances_of(stores)
    totals = [
        Total(
            store.name,
            store.city,
            summed[store.pk]["n"],
            summed[store.pk]["kr"],
            allowances[store.pk].store_per_month,
        )
        for store in stores
    ]
    return sorted(totals, key=lambda each: (-each.worth, each.name))


def _by_person(grants: QuerySet[GoodwillGrant]) -> list[Total]:
    """Add up by whose allowance was used: of an approved grant the manager's.

    A person's allowance is one in all stores; where these differ, the largest.
    """
    rows = list(
        grants.annotate(bearer=Coalesce("approved_by", "staff"))
        .values("bearer", "store")
        .annotate(n=Count("pk"), kr=Sum("worth"))
    )
    people = Staff.objects.in_bulk({row["bearer"] for row in rows})
    stores = Store.objects.select_related("programme").in_bulk(
        {row["store"] for row in rows}
    )
    allowances = allowances_of(list(stores.values()))
    managers = set(
        RoleGrant.objects.filter(staff__in=people, role__in=MANAGERS).values_list(
            "staff", "store"
        )
    )
    totals = []
    for who, person in people.items():
        own = [row for row in rows if row["bearer"] == who]
        places = [row["store"] for row in own]
        totals.append(
            Total(
                person.name,
                ", ".join(sorted(stores[where].name for where in places)),
                sum(row["n"] for row in own),
                sum((row["kr"] for row in own), Decimal(0)),
                max(
                    allowances[where]
                    .of(is_manager=bool({(who, where), (who, None)} & managers))
                    .per_month
                    for where in places
                ),
            )
        )
    return sorted(totals, key=lambda each: (-each.worth, each.name))
