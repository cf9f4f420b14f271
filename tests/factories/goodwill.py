"""Goodwill for tests: the shop's own allowance, and grants given as staff give them."""

from decimal import Decimal
from uuid import uuid4

from points.goodwill import services
from points.goodwill.services import Ask
from points.models import GoodwillAllowance, GoodwillReason


def reason(programme, key="long-queue"):
    return GoodwillReason.objects.get(programme=programme, key=key)


def allow(programme, store=None, **amounts):
    """Set an allowance: 100 at once and 300 a day for staff, unless a test says."""
    values = {
        "staff_one_grant": 100,
        "staff_per_day": 300,
        "staff_per_month": 2000,
        "manager_one_grant": 500,
        "manager_per_day": 1000,
        "manager_per_month": 6000,
        "store_per_day": 1500,
        "store_per_month": 15000,
        **amounts,
    }
    row, _new = GoodwillAllowance.objects.update_or_create(
        programme=programme,
        store=store,
        defaults={name: Decimal(value) for name, value in values.items()},
    )
    return row


def ask(member, store, staff, amount, **changes):
    return Ask(
        member=member,
        store=store,
        staff=staff,
        amount=Decimal(amount),
        **{
            "reason": changes.pop("reason", None) or reason(store.programme),
            "key": uuid4(),
            **changes,
        },
    )


def give(member, store, staff, amount, *, now, **changes):
    return services.grant(ask(member, store, staff, amount, **changes), now=now)
