"""What the worker runs for vouchers and stamp cards."""

from django.utils import timezone

from offers.vouchers.nightly import run_nightly


def settle() -> dict[str, int]:
    """Lapse, remind, let go and issue what is due by now; return how much."""
    return run_nightly(now=timezone.now())
