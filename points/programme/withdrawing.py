"""Withdrawing a published version that has not started.

It keeps its number, so that nobody takes another for it, and counts for nothing. Who
was told of it is told that it does not come: see `notices`.
"""

from datetime import datetime

from django.db import DatabaseError, transaction

from points.models import EarningRule
from stores import audit
from stores.models import Programme, Staff

WITHDRAWN = "points.programme_withdrawn"
# What the database refuses with: see points/0015.
_STARTED, _FOLLOWED = "SKP07", "SKP08"


class NotPublished(Exception):
    """Raised for a draft, and for a version that was withdrawn already."""


class HasStarted(Exception):
    """Raised for a version that has started, or that something names already."""


class IsFollowed(Exception):
    """Raised while another version is published that starts later."""


def withdraw(*, version: EarningRule, staff: Staff, now: datetime) -> EarningRule:
    """Withdraw a version; until its start by the database's clock.

    Raises:
        NotPublished: it is a draft, or withdrawn.
        HasStarted: it has started, or a till whose clock is ahead has used it.
        IsFollowed: a later one was measured against it and must be withdrawn first.
    """
    try:
        with transaction.atomic():
            return _withdraw(version, staff, now)
    except DatabaseError as error:
        refused = _refusal(getattr(error.__cause__, "sqlstate", ""))
        if refused is None:
            raise
        raise refused from error


def _withdraw(version: EarningRule, staff: Staff, now: datetime) -> EarningRule:
    # Nobody publishes meanwhile; tills, which point at the club, do not wait.
    Programme.objects.select_for_update(no_key=True).get(pk=version.programme_id)
    row: EarningRule = (
        EarningRule.objects.select_for_update(of=("self",))
        .select_related("programme")
        .get(pk=version.pk)
    )
    if row.status != EarningRule.Status.PUBLISHED:
        raise NotPublished
    row.status = EarningRule.Status.WITHDRAWN
    row.withdrawn_by = staff
    row.withdrawn_at = now
    row.save(update_fields=["status", "withdrawn_by", "withdrawn_at"])
    audit.record(
        programme=row.programme,
        actor=staff,
        action=WITHDRAWN,
        now=now,
        subject=str(row.public_id),
        data={"version": row.version, "startsAt": row.starts_at},
    )
    return row


def _refusal(state: str) -> Exception | None:
    if state == _STARTED:
        return HasStarted()
    return IsFollowed() if state == _FOLLOWED else None
