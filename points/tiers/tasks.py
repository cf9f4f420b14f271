"""What the worker runs for tiers: each night's review, when the club's day begins."""

from django.utils import timezone

from points.tiers import nightly
from stores.models import Programme


def settle() -> int:
    """Review the clubs whose new day has begun; return how many."""
    reviewed = 0
    for programme in Programme.objects.order_by("pk"):
        if nightly.is_due(programme, timezone.now()):
            reviewed += nightly.run(programme=programme, clock=timezone.now) is not None
    return reviewed


def settle_now(programme_id: int) -> None:
    """Review one club because somebody asked for it."""
    programme = Programme.objects.get(pk=programme_id)
    nightly.run(programme=programme, clock=timezone.now)
