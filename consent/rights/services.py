"""Take a request, see who asks, and answer it; each step is written down."""

from datetime import datetime
from typing import Any

from django.db import transaction

from consent.models import RightsRequest, RightsStep
from consent.rights import kinds, outlet, rules
from members import events
from members.models import Member
from stores import audit
from stores.models import Staff

Kind = RightsRequest.Kind
State = RightsRequest.State
Step = RightsStep.Kind

OPEN_STATES = (State.UNPROVEN, State.OPEN, State.COOLING)
# Answered by the same file.
COPIES = (Kind.ACCESS, Kind.PORTABILITY)


class RequestClosed(Exception):
    """Raised when a request is not, or no longer, open for what is to be done."""


class Unproven(Exception):
    """Raised when it is not known yet who asks."""


class TooLate(Exception):
    """Raised when the time to extend has passed, or it was extended before."""


def receive(
    *,
    member: Member,
    kind: str,
    source: str,
    words: str = "",
    proof: str = "",
    staff: Staff | None = None,
    received_at: datetime | None = None,
    now: datetime,
) -> RightsRequest:
    """Take a request; while one of its kind is open, what is asked is added to it.

    `proof` says that it is known already who asks. `received_at` is when a letter came,
    if that was not now: the deadline runs from there.
    """
    at = min(received_at or now, now)
    with transaction.atomic():
        # Locked, so that the same wish from two devices is one request.
        member = (
            Member.objects.select_for_update(of=("self",), no_key=True)
            .select_related("programme")
            .get(pk=member.pk)
        )
        found = (
            RightsRequest.objects.select_for_update()
            .filter(member=member, kind=kind, state__in=OPEN_STATES)
            .first()
        )
        if found is not None:
            if words:
                write_step(found, Step.NOTE, staff=staff, note=words, now=now)
            if proof and found.state == State.UNPROVEN:
                _prove(found, proof, staff, now)
            return found
        request = RightsRequest.objects.create(
            programme=member.programme,
            member=member,
            kind=kind,
            state=State.OPEN if proof else State.UNPROVEN,
            source=source,
            words=words,
            received_at=at,
            due_at=rules.due_at(at, member.programme.zone),
            proof=proof,
            proven_at=now if proof else None,
            handled_by=staff,
        )
        write_step(request, Step.RECEIVED, staff=staff, now=now)
        if proof:
            write_step(request, Step.PROVEN, staff=staff, now=now)
        _tell(request, kinds.ASKED, now)
    return request


def prove(
    *, request: RightsRequest, proof: str, staff: Staff | None, now: datetime
) -> RightsRequest:
    """Note how it was seen that the member is who asks.

    Raises:
        RequestClosed: it was closed meanwhile.
    """
    with transaction.atomic():
        request = lock(request)
        if request.state == State.UNPROVEN:
            _prove(request, proof, staff, now)
    return request


def extend(
    *, request: RightsRequest, because: str, staff: Staff, now: datetime
) -> RightsRequest:
    """Take two more months, and tell the member why (art. 12(3)).

    Raises:
        RequestClosed: it was closed meanwhile.
        TooLate: the first month has passed, or it was extended before.
    """
    with transaction.atomic():
        request = lock(request)
        zone = request.programme.zone
        if not rules.may_extend(
            received_at=request.received_at,
            extended_at=request.extended_at,
            now=now,
            zone=zone,
        ):
            raise TooLate
        request.extended_at, request.extended_because = now, because
        request.due_at = rules.extended_due_at(request.received_at, zone)
        request.save(update_fields=["extended_at", "extended_because", "due_at"])
        step = write_step(request, Step.EXTENDED, staff=staff, note=because, now=now)
        _send(request, because, step, now)
    return request


def note(*, request: RightsRequest, text: str, staff: Staff, now: datetime) -> None:
    """Add a line to the log of a request."""
    with transaction.atomic():
        write_step(lock(request, any_state=True), Step.NOTE, staff, text, now=now)


def answer(
    *,
    request: RightsRequest,
    text: str,
    staff: Staff,
    by_message: bool,
    now: datetime,
) -> bool:
    """Write an answer, and send it unless it goes by letter; say whether it was sent.

    Raises:
        RequestClosed: it was closed meanwhile.
        Unproven: it is not known who would read it.
    """
    with transaction.atomic():
        request = lock(request)
        _refuse_unproven(request)
        RightsRequest.objects.filter(pk=request.pk).update(
            answer=text, handled_by=staff
        )
        step = write_step(request, Step.ANSWERED, staff=staff, note=text, now=now)
        return by_message and _send(request, text, step, now)


def refuse(
    *, request: RightsRequest, because: str, staff: Staff, now: datetime
) -> RightsRequest:
    """Turn a request down, with the reason that the member is told (art. 12(4)).

    Raises:
        RequestClosed: it was closed meanwhile.
    """
    with transaction.atomic():
        request = lock(request)
        was_proven = request.proven_at is not None
        request.answer = because
        step = finish(request, State.REFUSED, staff=staff, note=because, now=now)
        # Who has shown nothing learns nothing from us either.
        if was_proven:
            _send(request, because, step, now)
    return request


def close(
    *, request: RightsRequest, staff: Staff | None, now: datetime, note: str = ""
) -> RightsRequest:
    """Note that what was asked for is done; erasures are done by erasing alone.

    Raises:
        RequestClosed: it was closed meanwhile, or is an erasure.
        Unproven: it is not known who asks.
    """
    with transaction.atomic():
        request = lock(request)
        if request.kind == Kind.ERASURE:
            raise RequestClosed
        _refuse_unproven(request)
        finish(request, State.DONE, staff=staff, note=note, now=now)
    return request


def cancel(
    *, request: RightsRequest, staff: Staff | None, now: datetime
) -> RightsRequest:
    """Note that the member has taken the request back.

    Raises:
        RequestClosed: it was closed meanwhile.
    """
    with transaction.atomic():
        request = lock(request)
        finish(request, State.CANCELLED, staff=staff, now=now)
    return request


def note_download(
    *,
    member: Member,
    source: str,
    proof: str,
    staff: Staff | None = None,
    request: RightsRequest | None = None,
    reason: str = "",
    now: datetime,
) -> RightsRequest:
    """Note that a copy of a member's data was fetched; open requests for one are done.

    Without an open one a request is written down and closed at once.

    Raises:
        RequestClosed: `request` was closed meanwhile.
        Unproven: staff fetched it before it was known who asks.
    """
    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
        if request is not None:
            found = [lock(request)]
        else:
            found = list(
                RightsRequest.objects.select_for_update(of=("self",))
                .select_related("programme", "member")
                .filter(member=member, kind__in=COPIES, state__in=OPEN_STATES)
                .order_by("pk")
            ) or [
                receive(
                    member=member,
                    kind=Kind.ACCESS,
                    source=source,
                    proof=proof,
                    staff=staff,
                    now=now,
                )
            ]
        for each in found:
            if each.state == State.UNPROVEN and staff is None:
                _prove(each, proof, None, now)
            _refuse_unproven(each)
            write_step(each, Step.DOWNLOADED, staff=staff, note=reason, now=now)
            finish(each, State.DONE, staff=staff, now=now)
    return found[0]


# STEPS


def lock(request: RightsRequest, *, any_state: bool = False) -> RightsRequest:
    """Return a request that nobody else changes until the transaction ends.

    The member first, as everywhere: what erases them waits, and is not waited for.

    Raises:
        RequestClosed: it is closed, and `any_state` is not said.
    """
    Member.objects.select_for_update(no_key=True).get(pk=request.member_id)
    locked = (
        RightsRequest.objects.select_for_update(of=("self",))
        .select_related("programme", "member__programme")
        .get(pk=request.pk)
    )
    if locked.closed_at is not None and not any_state:
        raise RequestClosed
    return locked


def write_step(
    request: RightsRequest,
    kind: str,
    staff: Staff | None = None,
    note: str = "",
    *,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> RightsStep:
    """Add a step to the log, and what staff did to the audit trail."""
    step = RightsStep.objects.create(
        request=request, kind=kind, at=now, staff=staff, note=note
    )
    audit.record(
        programme=request.programme,
        actor=staff,
        action=kinds.ACTIONS[Step(kind)],
        now=now,
        member_id=request.member.public_id,
        subject=str(request.public_id),
        # Never the note: it holds the member's words, and the trail is for ever.
        data={"kind": request.kind, **(data or {})},
    )
    return step


def finish(
    request: RightsRequest,
    state: State,
    *,
    staff: Staff | None,
    note: str = "",
    now: datetime,
    told: bool = True,
) -> RightsStep:
    """Close a locked request in a state, with its step and its event."""
    request.state, request.closed_at = state, now
    request.handled_by = staff or request.handled_by
    request.save(update_fields=["state", "closed_at", "handled_by", "answer"])
    if told:
        _tell(request, _CLOSED[state], now)
    return write_step(request, Step(state.value), staff=staff, note=note, now=now)


_CLOSED = {
    State.DONE: kinds.DONE,
    State.REFUSED: kinds.REFUSED,
    State.CANCELLED: kinds.CANCELLED,
}


def _prove(
    request: RightsRequest, proof: str, staff: Staff | None, now: datetime
) -> None:
    request.state, request.proof, request.proven_at = State.OPEN, proof, now
    request.handled_by = staff or request.handled_by
    request.save(update_fields=["state", "proof", "proven_at", "handled_by"])
    write_step(request, Step.PROVEN, staff=staff, now=now, data={"proof": proof})


def _refuse_unproven(request: RightsRequest) -> None:
    if request.proven_at is None:
        raise Unproven


def _send(request: RightsRequest, text: str, step: RightsStep, now: datetime) -> bool:
    face = outlet.find()
    return face is not None and face.tell_answer(
        request, text=text, key=f"rights-answer:{step.pk}", now=now
    )


def _tell(request: RightsRequest, kind: str, now: datetime) -> None:
    events.record(
        member_id=request.member_id,
        kind=kind,
        at=now,
        now=now,
        data={"kind": request.kind},
        subject_type="rights_request",
        subject_id=request.public_id,
    )
