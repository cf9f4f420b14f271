"""Carry out what was asked for, and close the request with it."""

from datetime import datetime

from django.db import transaction

from consent import contact, services
from consent.models import ConsentEntry, RightsRequest, RightsStep
from consent.rights.services import (
    Kind,
    RequestClosed,
    State,
    Unproven,
    finish,
    lock,
    write_step,
)
from stores.models import Staff


def carry_out_objection(
    *, request: RightsRequest, staff: Staff, now: datetime
) -> RightsRequest:
    """Stop all direct marketing and its profiling, for good (art. 21(2)-(3)).

    Raises:
        RequestClosed, Unproven: see there.
    """
    with transaction.atomic():
        request = _locked(request, Kind.OBJECTION)
        services.object_to_marketing(
            member=request.member,
            source=ConsentEntry.Source.STAFF,
            evidence={"request": str(request.public_id)},
            actor=str(staff.public_id),
            now=now,
        )
        finish(request, State.DONE, staff=staff, now=now)
    return request


def carry_out_restriction(
    *, request: RightsRequest, staff: Staff, now: datetime
) -> RightsRequest:
    """Only store the data from now on (art. 18), until it is lifted.

    Raises:
        RequestClosed, Unproven: see there.
    """
    with transaction.atomic():
        request = _locked(request, Kind.RESTRICTION)
        contact.restrict(member=request.member, is_restricted=True, now=now)
        finish(request, State.DONE, staff=staff, now=now)
    return request


def lift_restriction(*, request: RightsRequest, staff: Staff, now: datetime) -> None:
    """Use the data as before; the member is told first (art. 18(3)).

    Raises:
        RequestClosed: it was not about a restriction, or that was not carried out.
    """
    with transaction.atomic():
        request = lock(request, any_state=True)
        if (request.kind, request.state) != (Kind.RESTRICTION, State.DONE):
            raise RequestClosed
        contact.restrict(member=request.member, is_restricted=False, now=now)
        write_step(
            request,
            RightsStep.Kind.NOTE,
            staff,
            now=now,
            data={"restriction": "lifted"},
        )


def _locked(request: RightsRequest, kind: Kind) -> RightsRequest:
    locked = lock(request)
    if locked.kind != kind:
        raise RequestClosed
    if locked.proven_at is None:
        raise Unproven
    return locked
