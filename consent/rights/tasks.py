"""What the worker runs."""

from django.utils import timezone

from consent.rights import erasing


def erase_due() -> int:
    """Erase the members whose day to think it over has passed."""
    return erasing.erase_due(now=timezone.now())
