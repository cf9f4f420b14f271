"""Clearing away what nobody will ask for any more."""

from django.utils import timezone

from common import idempotency, limits


def prune() -> int:
    """Delete idempotency keys past their time and limits that are full again."""
    now = timezone.now()
    deleted = limits.prune(now=now)
    while batch := idempotency.prune(now=now):
        deleted += batch
    return deleted
