"""The allowance of a store, and how much of it is used: read, and used up."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from points.goodwill import rules
from points.goodwill.rules import Allowance, Bound, Person, Used, Window
from points.models import GoodwillAllowance, GoodwillUse
from stores.models import Staff, Store
from stores.roles import Role

MANAGERS = frozenset({Role.STORE_MANAGER, Role.OWNER})
_DAY, _MONTH = GoodwillUse.Period.DAY, GoodwillUse.Period.MONTH

# Uses a part of an allowance if that much is left. One statement, so that two tills
# cannot both take the last of it: the second waits for the first one's row.
_USE = """
INSERT INTO points_goodwilluse AS u
    (store_id, staff_id, period, starts_on, used, grants)
SELECT %(store)s, %(staff)s, %(period)s, %(starts_on)s, %(amount)s, 1
WHERE %(amount)s <= %(allowed)s
ON CONFLICT (store_id, staff_id, period, starts_on) DO UPDATE SET
    used = u.used + EXCLUDED.used, grants = u.grants + 1
WHERE u.used + EXCLUDED.used <= %(allowed)s
RETURNING used
"""


class AllowanceUsed(Exception):
    """Raised when an amount is more than is left; says what is, and of what."""

    def __init__(self, bound: Bound, left: Decimal) -> None:
        super().__init__(bound.value)
        self.bound = bound
        self.left = left

    @property
    def manager_helps(self) -> bool:
        """Tell whether a manager's own allowance could do it instead."""
        return self.bound not in rules.OF_THE_STORE


def allowance_of(store: Store) -> Allowance:
    """Return what may be given in a store: its own, the club's, or the usual."""
    return allowances_of([store])[store.pk]


def allowances_of(stores: Sequence[Store]) -> dict[int, Allowance]:
    """Return what may be given in each of some stores of one club, by their keys."""
    if not stores:
        return {}
    programme = stores[0].programme
    rows = GoodwillAllowance.objects.filter(
        Q(store__in=stores) | Q(store=None), programme=programme
    )
    found = {row.store_id: value_of(row) for row in rows}
    club = found.get(None) or rules.usual(programme.currency)
    return {store.pk: found.get(store.pk, club) for store in stores}


def value_of(row: GoodwillAllowance) -> Allowance:
    """Return a stored allowance as the value that rules decide with."""
    return Allowance(
        staff=Person(row.staff_one_grant, row.staff_per_day, row.staff_per_month),
        manager=Person(
            row.manager_one_grant, row.manager_per_day, row.manager_per_month
        ),
        store_per_day=row.store_per_day,
        store_per_month=row.store_per_month,
    )


def is_manager(staff: Staff, store: Store) -> bool:
    """Tell whether somebody runs a store, or the whole club."""
    return staff.roles.filter(
        Q(store=store) | Q(store=None), role__in=MANAGERS
    ).exists()


def used_by(*, staff: Staff, store: Store, window: Window) -> Used:
    """Return what a person and a store have given, on a day and in its month."""
    rows = GoodwillUse.objects.filter(
        Q(store=store) | Q(staff=staff),
        Q(period=_DAY, starts_on=window.day) | Q(period=_MONTH, starts_on=window.month),
    ).values_list("store_id", "period", "used")
    found = {(is_of is not None, period): used for is_of, period, used in rows}
    nothing = Decimal(0)
    return Used(
        person_day=found.get((False, _DAY), nothing),
        person_month=found.get((False, _MONTH), nothing),
        store_day=found.get((True, _DAY), nothing),
        store_month=found.get((True, _MONTH), nothing),
    )


def left_for(staff: Staff, store: Store, *, at: datetime) -> dict[Bound, Decimal]:
    """Return what is left for a person in a store, bound by bound."""
    allowance = allowance_of(store)
    window = rules.window_of(at, store.programme.zone)
    person = allowance.of(is_manager=is_manager(staff, store))
    used = used_by(staff=staff, store=store, window=window)
    return dict(rules.left(person, allowance, used))


def use(*, staff: Staff, store: Store, amount: Decimal, at: datetime) -> None:
    """Use up a part of a person's and a store's allowance, in the caller's transaction.

    Raises:
        AllowanceUsed: there is less left than that. The rows that were raised before
            must be rolled back by the caller.
    """
    allowance = allowance_of(store)
    person = allowance.of(is_manager=is_manager(staff, store))
    if amount > person.one_grant:
        raise AllowanceUsed(Bound.ONE_GRANT, person.one_grant)
    window = rules.window_of(at, store.programme.zone)
    of_store, of_person = (
        {"store": store.pk, "staff": None},
        {
            "store": None,
            "staff": staff.pk,
        },
    )
    # The store's first and the month's before the day's: always in this order, so that
    # two grants cannot wait for each other.
    for bound, of, period, starts_on, allowed in (
        (Bound.STORE_MONTH, of_store, _MONTH, window.month, allowance.store_per_month),
        (Bound.STORE_DAY, of_store, _DAY, window.day, allowance.store_per_day),
        (Bound.PERSON_MONTH, of_person, _MONTH, window.month, person.per_month),
        (Bound.PERSON_DAY, of_person, _DAY, window.day, person.per_day),
    ):
        _use(bound, of, period, starts_on, amount, allowed)


def _use(
    bound: Bound,
    of: Mapping[str, Any],
    period: str,
    starts_on: date,
    amount: Decimal,
    allowed: Decimal,
) -> None:
    values: dict[str, Any] = {
        **of,
        "period": period,
        "starts_on": starts_on,
        "amount": amount,
        "allowed": allowed,
    }
    with connection.cursor() as cursor:
        cursor.execute(_USE, values)
        if cursor.fetchone() is not None:
            return
    used = (
        GoodwillUse.objects.filter(
            store_id=of["store"],
            staff_id=of["staff"],
            period=period,
            starts_on=starts_on,
        )
        .values_list("used", flat=True)
        .first()
    )
    raise AllowanceUsed(bound, max(allowed - (used or Decimal(0)), Decimal(0)))
