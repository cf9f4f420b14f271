"""What becomes of the SMS that strangers ask for on public pages.

One is answered when the number has been proven since: by the link, or a code, in it.
"""

from datetime import datetime

import structlog
from django.db.models import Count, Exists, OuterRef, Q

from members.models import Identifier
from messaging import rules
from messaging.models import Message
from messaging.rules import StrangerTraffic
from stores.models import Programme

log = structlog.get_logger(__name__)


def traffic_of(programme: Programme, *, now: datetime) -> StrangerTraffic:
    """Return how SMS to strangers fared lately. Two statements."""
    answers = Identifier.objects.filter(
        programme=programme,
        kind=Identifier.Kind.PHONE,
        system="",
        value=OuterRef("address"),
        ended_at=None,
        last_proven_at__gte=OuterRef("queued_at"),
    )
    sent = (
        Message.objects.filter(programme=programme, is_to_stranger=True)
        .exclude(state=Message.State.STOPPED)
        .annotate(is_answered=Exists(answers))
    )
    fair = now - rules.FAIR_TIME
    judged = list(
        sent.filter(queued_at__lte=fair, queued_at__gt=now - rules.STRANGERS_REMEMBERED)
        .order_by("-queued_at")
        .values_list("is_answered", flat=True)[: rules.LOOKED_AT]
    )
    lately = sent.filter(queued_at__gt=fair).aggregate(
        answered=Count("pk", filter=Q(is_answered=True)),
        waiting=Count("pk", filter=Q(is_answered=False)),
    )
    return StrangerTraffic(
        judged=len(judged),
        judged_answered=sum(judged),
        answered=lately["answered"],
        waiting=lately["waiting"],
    )


def watch(*, now: datetime) -> int:
    """Raise the alarm for every club whose SMS to strangers are stopped.

    Returns how many there are. Repeated while it lasts: an alarm that is heard once is
    easily missed.
    """
    stopped = 0
    for programme in Programme.objects.all():
        traffic = traffic_of(programme, now=now)
        if rules.is_pumped(traffic):
            stopped += 1
            log.error(
                "sms_to_strangers_stopped",
                programme=str(programme.public_id),
                judged=traffic.judged,
                judged_answered=traffic.judged_answered,
                waiting=traffic.waiting,
            )
    return stopped
