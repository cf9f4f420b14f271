"""Run the proof of the ledger and keep what it found."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from points import proof
from points.models import Account, ProofRun
from stores.models import Programme, Staff

log = structlog.get_logger(__name__)

# Rows of one broken law that are kept: enough to find the cause.
_KEPT = 20
_BROKEN_OFF = timedelta(hours=1)


def run_all(*, clock: Callable[[], datetime]) -> list[ProofRun]:
    """Prove the ledgers of all clubs, and keep each club's outcome for itself.

    All are proven in the same passes; only when something differs is each club looked
    at alone, so that nobody's rows crowd out another's.
    """
    programmes = list(Programme.objects.order_by("pk"))
    began = clock()
    if len(programmes) > 1 and not proof.check(most=1).differences:
        return [_keep_sound(each, began, clock()) for each in programmes]
    return [run(programme=each, clock=clock) for each in programmes]


def ask(*, programme: Programme, staff: Staff, now: datetime) -> ProofRun:
    """Note that somebody wants a proof; return the one that waits, if one does."""
    waiting = find_waiting(programme, now)
    return waiting or ProofRun.objects.create(
        programme=programme, started_at=now, started_by=staff
    )


def find_waiting(programme: Programme, now: datetime) -> ProofRun | None:
    """Return the proof that waits or runs; what takes hours was broken off."""
    return ProofRun.objects.filter(
        programme=programme, ended_at=None, started_at__gt=now - _BROKEN_OFF
    ).first()


def run(
    *,
    programme: Programme,
    clock: Callable[[], datetime],
    asked: ProofRun | None = None,
) -> ProofRun:
    """Prove a club's ledger, keep the outcome, and say so loudly if anything differs.

    `asked` is the run that somebody waits for; else it is one more.
    """
    kept = asked or ProofRun(programme=programme, started_at=clock())
    found = proof.check(programme_id=programme.pk)
    differences = sorted(found.differences, key=lambda each: each.law)
    kept.details = [
        {
            "law": law,
            "rows": [
                [each.member_id, each.row_id, each.found, each.expected]
                for each in list(of_law)[:_KEPT]
            ],
        }
        for law, of_law in groupby(differences, key=lambda each: each.law)
    ]
    kept.members = found.members
    kept.entries = found.entries
    kept.points = found.points
    kept.differences = len(differences)
    kept.ended_at = clock()
    kept.save()
    if differences:
        log.error(
            "the ledger does not add up",
            programme=str(programme.pk),
            laws=[each["law"] for each in kept.details],
            differences=len(differences),
        )
    return kept


def list_ended(programme: Programme) -> QuerySet[ProofRun]:
    """Return a club's proofs that came to an end, the newest first."""
    return ProofRun.objects.filter(
        programme=programme, ended_at__isnull=False
    ).order_by("-started_at")


def latest(programme: Programme) -> ProofRun | None:
    """Return a club's last proof, or None before the first."""
    return list_ended(programme).first()


def _keep_sound(programme: Programme, began: datetime, ended: datetime) -> ProofRun:
    # The accounts have just been proven to say what the entries say.
    found = Account.objects.filter(member__programme=programme).aggregate(
        members=Count("pk"),
        entries=Coalesce(Sum("entries"), 0),
        points=Coalesce(Sum("balance"), 0),
    )
    return ProofRun.objects.create(
        programme=programme, started_at=began, ended_at=ended, **found
    )
