"""Stores and their tills."""

from datetime import datetime

from django.db import IntegrityError, transaction

from stores import audit
from stores.models import Programme, Staff, Store, Till


class CodeTaken(Exception):
    """Raised when another store, or another till of the store, has the code."""


@transaction.atomic
def add_store(
    *,
    programme: Programme,
    code: str,
    name: str,
    kind: str,
    city: str,
    actor: Staff,
    now: datetime,
) -> Store:
    """Open a store.

    Raises:
        CodeTaken: the programme has a store with this code.
    """
    store = Store(
        programme=programme, code=code.strip(), name=name, kind=kind, city=city
    )
    _save(store)
    _record(store, actor, "store.added", now, ["code", "name", "kind", "city"])
    return store


@transaction.atomic
def update_store(
    *,
    store: Store,
    code: str,
    name: str,
    kind: str,
    city: str,
    is_active: bool,
    actor: Staff,
    now: datetime,
) -> Store:
    """Change a store, or close it: receipts of a closed store are refused.

    Raises:
        CodeTaken: the programme has another store with this code.
    """
    wanted = {
        "code": code.strip(),
        "name": name,
        "kind": kind,
        "city": city,
        "is_active": is_active,
    }
    fields = _changed(store, wanted)
    if fields:
        _save(store)
        _record(store, actor, "store.changed", now, fields)
    return store


@transaction.atomic
def add_till(
    *, store: Store, code: str, name: str, actor: Staff, now: datetime
) -> Till:
    """Add a till point to a store.

    Raises:
        CodeTaken: the store has a till with this code.
    """
    till = Till(store=store, code=code.strip(), name=name)
    _save(till)
    _record(till, actor, "till.added", now, ["code", "name"])
    return till


@transaction.atomic
def update_till(
    *, till: Till, code: str, name: str, actor: Staff, now: datetime
) -> Till:
    """Change a till point.

    Raises:
        CodeTaken: the store has another till with this code.
    """
    fields = _changed(till, {"code": code.strip(), "name": name})
    if fields:
        _save(till)
        _record(till, actor, "till.changed", now, fields)
    return till


def _changed(row: Store | Till, wanted: dict[str, object]) -> list[str]:
    fields = [field for field, value in wanted.items() if getattr(row, field) != value]
    for field in fields:
        setattr(row, field, wanted[field])
    return fields


def _save(row: Store | Till) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise CodeTaken from error


def _record(
    row: Store | Till, actor: Staff, action: str, now: datetime, fields: list[str]
) -> None:
    kind, programme = (
        ("store", row.programme)
        if isinstance(row, Store)
        else ("till", row.store.programme)
    )
    audit.record(
        programme=programme,
        actor=actor,
        action=action,
        now=now,
        subject=f"{kind}:{row.public_id}",
        data={"fields": fields},
    )
