"""What the worker runs."""

from django.utils import timezone

from portal import services


def forget() -> int:
    """Delete codes and sessions that nobody needs any more."""
    return services.forget_old(now=timezone.now())
