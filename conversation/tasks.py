"""What the worker runs."""

from django.utils import timezone

from conversation import services


def forget() -> int:
    """End what lapsed, and empty messages after 30 days."""
    return services.forget_old(now=timezone.now())
