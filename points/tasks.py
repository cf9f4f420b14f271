"""What the worker runs for points."""

from django.utils import timezone

from points import services
from points.books import proofs
from points.models import ProofRun


def expire() -> int:
    """Let points lapse, and others be used, whose day has come; return how many."""
    done = services.settle_due(now=timezone.now())
    return done.lapsed + done.activated


def prove() -> int:
    """Prove the ledger of every club, keep the outcomes; return how much differs."""
    return sum(each.differences for each in proofs.run_all(clock=timezone.now))


def prove_now(run_id: int) -> int:
    """Prove one club's ledger because somebody asked for it; return what differs."""
    asked = ProofRun.objects.select_related("programme").get(pk=run_id)
    if asked.ended_at is not None or asked.programme is None:
        # Run twice by the queue: it was proven already.
        return asked.differences
    done = proofs.run(programme=asked.programme, clock=timezone.now, asked=asked)
    return done.differences
