"""See at the desk that it is the member who asks: by a code, or by sight."""

from datetime import datetime

from consent.models import RightsRequest
from consent.rights import kinds, outlet, services
from consent.rights.outlet import CodeUnsent
from stores import audit
from stores.models import Staff

_Proof = RightsRequest.Proof


def send_code(
    *, request: RightsRequest, channel: str, staff: Staff, now: datetime
) -> None:
    """Send a code to the member's known number or address.

    Raises:
        CodeUnsent: there is no such way, or too many codes were sent.
    """
    _face().send_code(request, channel=channel, staff=staff, now=now)
    _record(request, kinds.CODE_SENT, channel, staff, now)


def prove_by_code(
    *, request: RightsRequest, channel: str, code: str, staff: Staff, now: datetime
) -> None:
    """Note that the member told the code that was sent to them.

    Raises:
        CodeUnsent: the code does not count.
        RequestClosed: the request was closed meanwhile.
    """
    try:
        _face().check_code(request, channel=channel, code=code, staff=staff, now=now)
    except CodeUnsent:
        _record(request, kinds.CODE_WRONG, channel, staff, now)
        raise
    services.prove(request=request, proof=_Proof.CODE, staff=staff, now=now)


def prove_by_sight(
    *, request: RightsRequest, how: str, staff: Staff, now: datetime
) -> None:
    """Note how staff saw who it is; no copy of a document is taken.

    Raises:
        RequestClosed: the request was closed meanwhile.
    """
    services.prove(request=request, proof=_Proof.SEEN, staff=staff, now=now)
    services.note(request=request, text=how, staff=staff, now=now)


def _face() -> outlet.Outlet:
    face = outlet.find()
    if face is None:
        raise CodeUnsent("")
    return face


def _record(
    request: RightsRequest, action: str, channel: str, staff: Staff, now: datetime
) -> None:
    audit.record(
        programme=request.programme,
        actor=staff,
        action=action,
        now=now,
        member_id=request.member.public_id,
        subject=str(request.public_id),
        data={"channel": channel},
    )
