"""Run the proof of the ledger and keep what it found."""

from collections.abc import Callable
from datetime import datetime
from itertools import groupby

import structlog
from django.db import transaction

from points import proof
from points.models import ProofRun
from stores.models import Staff

log = structlog.get_logger(__name__)

# Rows of one broken law that are kept: enough to find the cause.
_KEPT = 20


def run(*, clock: Callable[[], datetime], staff: Staff | None = None) -> ProofRun:
    """Prove the ledger, keep the outcome, and say so loudly if anything differs."""
    started_at = clock()
    with transaction.atomic():
        found = proof.check()
    differences = sorted(found.differences, key=lambda each: each.law)
    details = [
        {
            "law": law,
            "rows": [
                [each.member_id, each.row_id, each.found, each.expected]
                for each in list(of_law)[:_KEPT]
            ],
        }
        for law, of_law in groupby(differences, key=lambda each: each.law)
    ]
    kept = ProofRun.objects.create(
        started_at=started_at,
        ended_at=clock(),
        members=found.members,
        entries=found.entries,
        points=found.points,
        differences=len(differences),
        details=details,
        started_by=staff,
    )
    if differences:
        log.error(
            "the ledger does not add up",
            laws=[each["law"] for each in details],
            differences=len(differences),
        )
    return kept


def latest() -> ProofRun | None:
    """Return the last proof, or None before the first."""
    return ProofRun.objects.order_by("-started_at").first()
