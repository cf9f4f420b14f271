"""What the worker runs."""

from django.utils import timezone

from conversation import services


def close() -> int:
    """End conversations that nobody goes on with."""
    return services.close_lapsed(now=timezone.now())
