"""That a member looked at their pages: once a day on the timeline."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from common.periods import day_bounds, local_day
from members import events
from members.models import Event, Member
from portal import kinds

_PURPOSES = ("Sec-Purpose", "Purpose", "X-Moz")


def is_seen(request: HttpRequest) -> bool:
    """Tell whether somebody looks at the page that they ask for.

    Not a browser that fetches what may be opened next, nor who asks for the head only:
    versions may give points for a visit.
    """
    purposes = [request.headers.get(name, "") for name in _PURPOSES]
    return request.method == "GET" and not any(
        word in purpose for purpose in purposes for word in ("prefetch", "prerender")
    )


def note_visit(*, member: Member, now: datetime) -> bool:
    """Note a visit, once for each day of the club; tell whether it was the first."""
    if _was_here(member, now):
        return False
    with transaction.atomic():
        # Locked, so that two pages opened at once are one visit.
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        if _was_here(member, now):
            return False
        events.record(member_id=member.pk, kind=kinds.VISITED, at=now, now=now)
    return True


def _was_here(member: Member, now: datetime) -> bool:
    zone = member.programme.zone
    starts_at, ends_at = day_bounds(local_day(now, zone), zone)
    return Event.objects.filter(
        member=member, kind=kinds.VISITED, at__gte=starts_at, at__lt=ends_at
    ).exists()
