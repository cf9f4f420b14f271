"""What the worker runs for vouchers and stamp cards."""

from django.utils import timezone

from offers.vouchers import services


def settle() -> dict[str, int]:
    """Lapse, remind, let go and issue what is due by now; return how much."""
    return services.run_nightly(now=timezone.now())
