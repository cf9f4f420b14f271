"""Write the log of a breach: every change is a line that nobody can take away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from consent.breaches.rules import Decided, Lack, lacks
from consent.desk import audits
from consent.models import Breach, BreachEntry
from stores import audit
from stores.models import Programme, Staff

# What staff fill in; the rest follows from it.
FIELDS = (
    "title",
    "description",
    "happened_at",
    "aware_at",
    "members_touched",
    "data_touched",
    "consequences",
    "measures",
    "risk",
    "grounds",
    "authority_told_at",
    "authority_reference",
    "members_told_at",
)


class BreachClosed(Exception):
    """Raised when a closed breach is to be changed: it must be opened again first."""


class NotDecided(Exception):
    """Raised when a breach is to be closed before it may be; `lacks` says why."""

    def __init__(self, found: list[Lack]) -> None:
        super().__init__(", ".join(found))
        self.lacks = found


def deadline_of(aware_at: datetime) -> datetime:
    """Return until when the authority is to be told of what is known since then."""
    return aware_at + timedelta(hours=settings.BREACH_DEADLINE_HOURS)


def open_breach(
    *,
    programme: Programme,
    staff: Staff,
    fields: Mapping[str, Any],
    note: str = "",
    now: datetime,
) -> Breach:
    """Begin the log of a breach; the clock runs from `aware_at`."""
    with transaction.atomic():
        breach = Breach.objects.create(
            programme=programme,
            written_by=staff,
            due_at=deadline_of(fields["aware_at"]),
            **{name: fields[name] for name in FIELDS if name in fields},
        )
        _log(breach, staff, note, _written(breach, FIELDS), now)
        _audit(breach, staff, audits.BREACH_OPENED, now)
    return breach


def change_breach(
    *,
    breach: Breach,
    staff: Staff,
    fields: Mapping[str, Any],
    note: str = "",
    now: datetime,
) -> Breach:
    """Change what is known or decided; the log keeps what each field became.

    Raises:
        BreachClosed: it has to be opened again first.
    """
    with transaction.atomic():
        breach = _locked(breach)
        if breach.closed_at is not None:
            raise BreachClosed
        changed = [
            name
            for name in FIELDS
            if name in fields and getattr(breach, name) != fields[name]
        ]
        if not changed and not note:
            return breach
        for name in changed:
            setattr(breach, name, fields[name])
        if "aware_at" in changed:
            breach.due_at = deadline_of(breach.aware_at)
        breach.save()
        _log(breach, staff, note, _written(breach, changed), now)
        _audit(breach, staff, audits.BREACH_CHANGED, now, changed)
    return breach


def add_note(*, breach: Breach, staff: Staff, note: str, now: datetime) -> BreachEntry:
    """Add a line to the log, also of what is closed."""
    with transaction.atomic():
        entry = _log(breach, staff, note, {}, now)
        _audit(breach, staff, audits.BREACH_CHANGED, now)
    return entry


def close_breach(
    *, breach: Breach, staff: Staff, note: str = "", now: datetime
) -> Breach:
    """Close a breach that is judged, and of which everybody was told who must be.

    Raises:
        NotDecided: something is lacking; the database would refuse it too.
        BreachClosed: it is closed.
    """
    with transaction.atomic():
        breach = _locked(breach)
        if breach.closed_at is not None:
            raise BreachClosed
        found = lacks_of(breach)
        if found:
            raise NotDecided(found)
        breach.closed_at = now
        breach.save(update_fields=["closed_at"])
        _log(breach, staff, note, {"closed_at": now.isoformat()}, now)
        _audit(breach, staff, audits.BREACH_CLOSED, now)
    return breach


def reopen_breach(*, breach: Breach, staff: Staff, note: str, now: datetime) -> Breach:
    """Open a closed breach again, because something new is known."""
    with transaction.atomic():
        breach = _locked(breach)
        if breach.closed_at is None:
            return breach
        breach.closed_at = None
        breach.save(update_fields=["closed_at"])
        _log(breach, staff, note, {"closed_at": None}, now)
        _audit(breach, staff, audits.BREACH_CHANGED, now, ["closed_at"])
    return breach


def note_report(*, breach: Breach, staff: Staff, now: datetime) -> None:
    """Note that the report for the authority was opened."""
    _audit(breach, staff, audits.BREACH_EXPORTED, now)


def lacks_of(breach: Breach) -> list[Lack]:
    """Return what keeps a breach from being closed."""
    return lacks(
        Decided(
            risk=breach.risk,
            grounds=breach.grounds,
            due_at=breach.due_at,
            authority_told_at=breach.authority_told_at,
            members_told_at=breach.members_told_at,
        )
    )


def _locked(breach: Breach) -> Breach:
    return Breach.objects.select_for_update().get(pk=breach.pk)


def _written(breach: Breach, names: Any) -> dict[str, Any]:
    """Return fields as the log keeps them; of a new breach not what is empty."""
    values = {name: getattr(breach, name) for name in names}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if names is not FIELDS or value not in (None, "")
    }


def _log(
    breach: Breach, staff: Staff, note: str, changes: dict[str, Any], now: datetime
) -> BreachEntry:
    return BreachEntry.objects.create(
        breach=breach, at=now, staff=staff, note=note, changes=changes
    )


def _audit(
    breach: Breach,
    staff: Staff,
    action: str,
    now: datetime,
    fields: list[str] | None = None,
) -> None:
    audit.record(
        programme=breach.programme,
        actor=staff,
        action=action,
        now=now,
        subject=f"breach:{breach.public_id}",
        data={"fields": fields} if fields else None,
    )
