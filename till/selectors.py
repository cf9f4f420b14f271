"""Reading for the till: who works here, who is standing there, how the day goes."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from common.periods import day_bounds, local_day
from members.models import Member
from stores.models import Staff, Store
from stores.roles import STORE_ROLES, Role


def list_staff(store: Store) -> QuerySet[Staff]:
    """Return who may identify at a store's devices: its own people and the owners."""
    here = Q(roles__store=store, roles__role__in=STORE_ROLES)
    owner = Q(roles__store=None, roles__role=Role.OWNER)
    return (
        Staff.objects.filter(here | owner, programme=store.programme, is_active=True)
        .exclude(pin_hash="")
        .distinct()
        .order_by("name", "pk")
    )


def find_staff(*, store: Store, public_id: UUID | str) -> Staff | None:
    """Return one of the people who may identify at a store's devices."""
    return list_staff(store).filter(public_id=public_id).first()


def roles_at(staff: Staff, store: Store) -> frozenset[Role]:
    """Return the roles a person holds in a store, and those held everywhere."""
    held = staff.roles.filter(Q(store=store) | Q(store=None))
    return frozenset(Role(role) for role in held.values_list("role", flat=True))


def count_new_members(store: Store, *, now: datetime) -> int:
    """Count the registrations begun in a store that were finished today."""
    zone = store.programme.zone
    starts_at, ends_at = day_bounds(local_day(now, zone), zone)
    return Member.objects.filter(
        registered_store=store, activated_at__gte=starts_at, activated_at__lt=ends_at
    ).count()
