"""What the worker runs for points."""

from django.utils import timezone

from points import services
from points.books import proofs


def expire() -> int:
    """Let points lapse, and others be used, whose day has come; return how many."""
    done = services.settle_due(now=timezone.now())
    return done.lapsed + done.activated


def prove() -> int:
    """Prove the ledger and keep the outcome; return how much differs."""
    return proofs.run(clock=timezone.now).differences
