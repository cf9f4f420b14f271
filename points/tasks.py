"""What the worker runs for points."""

import structlog
from django.utils import timezone

from points import proof, services

log = structlog.get_logger(__name__)


def expire() -> int:
    """Let points lapse whose day has passed; return how many points."""
    now = timezone.now()
    lapsed = 0
    while (run := services.expire_points(now=now)).members:
        lapsed += run.points
    return lapsed


def prove() -> int:
    """Prove the ledger; return how much differs, and say so loudly."""
    found = proof.check()
    if found.differences:
        log.error(
            "the ledger does not add up",
            laws=sorted({difference.law for difference in found.differences}),
            differences=len(found.differences),
        )
    return len(found.differences)
