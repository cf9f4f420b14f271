"""A member's tier as other systems get it."""

from datetime import datetime
from typing import Any

from members.models import Member
from points.tiers import selectors, words
from points.tiers.selectors import Keeping, Next


def tier_answer(member: Member, at: datetime) -> dict[str, Any] | None:
    """Return a member's tier and progress at a moment; None without tiers."""
    progress = selectors.progress_of(member, at)
    if progress is None:
        return None
    tier = progress.tier
    said = [words.to_keep(progress), words.to_next(progress)]
    return {
        "key": tier.key,
        "name": tier.name,
        "since": tier.since.isoformat() if tier.since else None,
        "until": tier.until.isoformat() if tier.until else None,
        "isGranted": tier.is_granted,
        "progress": {
            "measure": progress.measure.value,
            "counted": str(progress.counted),
            "next": _next(progress.next),
            "keep": _keep(progress.keeping),
            "words": list(filter(None, said)),
        },
    }


def _next(above: Next | None) -> dict[str, Any] | None:
    if above is None:
        return None
    return {
        "key": above.key,
        "name": above.name,
        "needs": str(above.needs),
        "missing": str(above.missing),
        "by": above.by.isoformat() if above.by else None,
    }


def _keep(keeping: Keeping | None) -> dict[str, Any] | None:
    if keeping is None:
        return None
    return {
        "needs": str(keeping.needs),
        "missing": str(keeping.missing),
        "by": keeping.span.ends.isoformat(),
        "projected": keeping.projected,
    }
