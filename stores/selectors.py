"""Reads: each list holds only what the person who looks may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from stores import credentials
from stores.access import managed_stores_of, stores_of
from stores.models import (
    ApiKey,
    AuditEntry,
    AuditLane,
    Programme,
    RoleGrant,
    Staff,
    Store,
    Till,
    TillDevice,
)

# A key that expires sooner than this is worth a reminder.
EXPIRING_WITHIN = timedelta(days=14)


def list_staff(*, viewer: Staff) -> QuerySet[Staff]:
    """Return the staff a person may see: all, or those of the stores they run."""
    staff = Staff.objects.filter(programme_id=_programme_of(viewer))
    managed = managed_stores_of(viewer)
    if managed is not None:
        staff = staff.filter(
            Exists(RoleGrant.objects.filter(staff=OuterRef("pk"), store__in=managed))
        )
    return staff.annotate(
        has_second_factor=Exists(
            Authenticator.objects.filter(
                user=OuterRef("pk"), type=Authenticator.Type.TOTP
            )
        ),
        has_pin=Case(
            When(pin_hash="", then=Value(False)),
            default=Value(True),
            output_field=BooleanField(),
        ),
    ).prefetch_related("roles__store")


def list_stores(*, viewer: Staff) -> QuerySet[Store]:
    """Return the stores a person may see: all, or their own."""
    stores = Store.objects.filter(programme_id=_programme_of(viewer))
    own = stores_of(viewer)
    return stores if own is None else stores.filter(pk__in=own)


def list_stores_with_counts(*, viewer: Staff) -> QuerySet[Store]:
    """Return the stores a person may see, with what stands in them."""
    return list_stores(viewer=viewer).annotate(
        tills_count=_count(Till.objects.filter(store=OuterRef("pk"))),
        devices_count=_count(
            TillDevice.objects.filter(
                store=OuterRef("pk"), revoked_at=None, key_hash__isnull=False
            )
        ),
        staff_count=_count(
            RoleGrant.objects.filter(store=OuterRef("pk"), staff__is_active=True)
        ),
    )


def list_managed_stores(*, viewer: Staff) -> QuerySet[Store]:
    """Return the stores a person may change staff and devices of."""
    stores = Store.objects.filter(programme_id=_programme_of(viewer))
    managed = managed_stores_of(viewer)
    return stores if managed is None else stores.filter(pk__in=managed)


def list_tills(*, viewer: Staff) -> QuerySet[Till]:
    """Return the tills of the stores a person runs."""
    return Till.objects.filter(
        store__in=list_managed_stores(viewer=viewer)
    ).select_related("store")


def list_devices(*, viewer: Staff) -> QuerySet[TillDevice]:
    """Return the devices of the stores a person runs."""
    return TillDevice.objects.filter(
        store__in=list_managed_stores(viewer=viewer)
    ).select_related("store__programme", "till")


def find_device(key: str) -> TillDevice | None:
    """Return the device that holds a key, unless it or its store is shut."""
    return (
        TillDevice.objects.select_related("store__programme", "till")
        .filter(
            key_hash=credentials.digest(key),
            revoked_at__isnull=True,
            store__is_active=True,
        )
        .first()
    )


def list_keys(*, programme: Programme) -> QuerySet[ApiKey]:
    """Return the programme's API keys."""
    return ApiKey.objects.filter(programme=programme).prefetch_related("stores")


@dataclass(frozen=True, slots=True)
class DeskWork:
    """What in this room waits for somebody: figures for the home page."""

    devices_never_seen: int
    keys_expiring: int


def summarize_work(
    *, programme: Programme, store_ids: Iterable[int] | None, now: datetime
) -> DeskWork:
    """Count devices that were never enrolled and keys about to expire. One query."""
    devices = TillDevice.objects.filter(
        store__programme=programme, revoked_at=None, last_seen_at=None
    )
    keys = ApiKey.objects.filter(
        programme=programme,
        revoked_at=None,
        expires_at__gt=now,
        expires_at__lte=now + EXPIRING_WITHIN,
        replaced_by=None,
    )
    if store_ids is not None:
        # Keys are the owner's business, not a store's.
        devices, keys = devices.filter(store__in=list(store_ids)), keys.none()
    counts = (
        Programme.objects.filter(pk=programme.pk)
        .values_list(_total(devices), _total(keys))
        .get()
    )
    return DeskWork(*counts)


def list_audit(*, programme: Programme) -> QuerySet[AuditEntry]:
    """Return the audit trail with the names of those who acted."""
    names = Case(
        When(
            actor_kind=AuditEntry.Actor.STAFF,
            then=_name_of(Staff.objects.all()),
        ),
        When(
            actor_kind=AuditEntry.Actor.DEVICE,
            then=_name_of(TillDevice.objects.all()),
        ),
        When(
            actor_kind=AuditEntry.Actor.API_KEY,
            then=_name_of(ApiKey.objects.all()),
        ),
        output_field=CharField(),
    )
    return AuditEntry.objects.filter(
        Q(programme=programme) | Q(programme=None)
    ).annotate(actor_name=Coalesce(names, Value("")))


def names_of_subjects(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Return the names of the staff, stores and devices that entries are about."""
    wanted: dict[str, set[UUID]] = {}
    for entry in entries:
        kind, _colon, public_id = entry.subject.partition(":")
        if kind in _NAMED:
            wanted.setdefault(kind, set()).add(UUID(public_id))
    found = {}
    for kind, ids in wanted.items():
        rows = _NAMED[kind].objects.filter(public_id__in=ids)
        for public_id, name in rows.values_list("public_id", "name"):
            found[f"{kind}:{public_id}"] = name
    return found


@dataclass(frozen=True, slots=True)
class TrailState:
    """How long the audit trail is."""

    entries: int
    newest_at: datetime | None


def summarize_trail() -> TrailState:
    """Return what the heads of the chains count, and when the last entry came."""
    heads = AuditLane.objects.values_list("entries", flat=True)
    newest = AuditEntry.objects.order_by("-id").values_list("at", flat=True).first()
    return TrailState(entries=sum(heads), newest_at=newest)


_NAMED: dict[str, Any] = {
    "staff": Staff,
    "store": Store,
    "till": Till,
    "device": TillDevice,
    "key": ApiKey,
}


def _programme_of(viewer: Staff) -> int:
    return viewer.programme_id or 0


def _name_of(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.filter(public_id=OuterRef("actor_id")).values("name")[:1])


def _count(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("store").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0))


def _total(rows: QuerySet[Any]) -> Coalesce:
    counted = (
        rows.order_by()
        .annotate(all=Value(1))
        .values("all")
        .annotate(n=Count(F("pk")))
        .values("n")
    )
    return Coalesce(Subquery(counted), Value(0))
