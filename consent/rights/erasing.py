"""Erasure on request: a day to think it over, then carried out and never undone."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q

from consent import contact, erasure
from consent.models import Erasure, RightsRequest
from consent.rights import outlet, rules, services
from consent.rights.services import Kind, RequestClosed, State, Step
from members.models import Member
from stores.models import Staff

log = structlog.get_logger(__name__)

BATCH = 50


def begin_erasure(
    *, request: RightsRequest, staff: Staff | None = None, now: datetime
) -> RightsRequest:
    """Begin the day within which an erasure can be taken back; twice changes nothing.

    Until then nothing is sent but service messages.

    Raises:
        RequestClosed: it was closed meanwhile, or is about something else.
        Unproven: it is not known who asks.
    """
    with transaction.atomic():
        request = services.lock(request)
        if request.kind != Kind.ERASURE:
            raise RequestClosed
        if request.proven_at is None:
            raise services.Unproven
        if request.state == State.COOLING:
            return request
        request.state, request.erase_at = State.COOLING, now + rules.COOLING_OFF
        request.handled_by = staff or request.handled_by
        request.save(update_fields=["state", "erase_at", "handled_by"])
        services.write_step(
            request,
            Step.NOTE,
            staff=staff,
            now=now,
            data={"erase_at": request.erase_at.isoformat()},
        )
        if contact.preference_of(request.member).restricted_at is None:
            contact.restrict(member=request.member, is_restricted=True, now=now)
        face = outlet.find()
        if face is not None:
            face.tell_cooling(request, now=now)
    return request


def take_back(
    *, request: RightsRequest, staff: Staff | None = None, now: datetime
) -> RightsRequest:
    """Keep the data after all, while there is time.

    Raises:
        RequestClosed: the time has passed, or it was taken back or done before.
    """
    with transaction.atomic():
        request = services.lock(request)
        if (
            request.state != State.COOLING
            or request.erase_at is None
            or request.erase_at <= now
        ):
            raise RequestClosed
        services.finish(request, State.CANCELLED, staff=staff, now=now)
        # What was restricted for this alone, and not before.
        began = request.erase_at - rules.COOLING_OFF
        if contact.preference_of(request.member).restricted_at == began:
            contact.restrict(member=request.member, is_restricted=False, now=now)
        face = outlet.find()
        if face is not None:
            face.tell_taken_back(request, now=now)
    return request


def erase_due(*, now: datetime, limit: int = BATCH) -> int:
    """Erase the members whose day to think it over has passed; return how many.

    Any number of workers may do so at once. A member whose last message has not left
    yet waits for the next run, for some hours at most.
    """
    due = list(
        RightsRequest.objects.filter(state=State.COOLING, erase_at__lte=now)
        .select_related("programme", "member__programme")
        .order_by("erase_at", "pk")[:limit]
    )
    return sum(_erase(request, now) for request in due)


def find_cooling(member: Member) -> RightsRequest | None:
    """Return the erasure that a member can still take back, or None."""
    return RightsRequest.objects.filter(
        Q(member=member) | Q(member__merged_into=member), state=State.COOLING
    ).first()


def _erase(request: RightsRequest, now: datetime) -> bool:
    face = outlet.find()
    # Before, since afterwards nobody can be told; outside the transaction, since it
    # leaves the house. Nothing can be taken back any more: the day has passed.
    if face is not None and not face.say_farewell(request, now=now):
        last = request.erase_at and request.erase_at + rules.FAREWELL_LIFE
        if last and now < last:
            return False
        log.warning("farewell_not_sent", request_id=str(request.public_id))
    with transaction.atomic():
        # In full at once: a lock that grows would wait for who waits for it.
        Member.objects.select_for_update().get(pk=request.member_id)
        try:
            request = services.lock(request)
        except RequestClosed:
            return False
        if request.state != State.COOLING:
            return False
        services.finish(request, State.DONE, staff=None, now=now, told=False)
        asked_here = request.source == RightsRequest.Source.PORTAL
        # Who was merged meanwhile is the other member now.
        erasure.erase_member(
            member=request.member.merged_into or request.member,
            now=now,
            reason=Erasure.Reason.REQUEST if asked_here else Erasure.Reason.DESK,
        )
    return True
