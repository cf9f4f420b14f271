"""What the worker runs for points."""

from django.utils import timezone

from points import services
from points.books import proofs


def expire() -> int:
    """Let points lapse whose day has passed; return how many points."""
    now = timezone.now()
    lapsed = 0
    while (run := services.expire_points(now=now)).members:
        lapsed += run.points
    return lapsed


def prove() -> int:
    """Prove the ledger and keep the outcome; return how much differs."""
    return proofs.run(clock=timezone.now).differences
