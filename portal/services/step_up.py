"""A fresh code before what a borrowed or stolen phone must not be enough for."""

from datetime import datetime

from portal import selectors
from portal.identifiers import Identifier
from portal.models import Session
from portal.rules import Verdict
from portal.services.one_time import (
    CodeRefused,
    Purpose,
    take_limits,
    use_code,
    write_code,
)
from portal.services.sessions import prove, renew_key


def send_step_up_code(
    *,
    session: Session,
    identifier: Identifier,
    browser_key: str,
    address_block: str,
    now: datetime,
) -> None:
    """Send a code to a proven number or address of a signed-in member.

    Raises:
        CodeRefused: it is none of theirs, or was changed too lately to vouch for them.
        LimitReached: too many codes for it or from this address.
    """
    member = session.member
    if identifier not in selectors.list_step_up_channels(member, now=now):
        raise CodeRefused(Verdict.UNKNOWN)
    take_limits(identifier=identifier, address_block=address_block, now=now)
    write_code(
        programme=member.programme,
        member=member,
        identifier=identifier,
        purpose=Purpose.STEP_UP,
        browser_key=browser_key,
        language=member.language,
        now=now,
    )


def step_up(
    *,
    session: Session,
    identifier: Identifier,
    browser_key: str,
    code: str,
    address_block: str,
    now: datetime,
) -> str:
    """Note that the member has entered a fresh code; return the session's new key.

    Raises:
        CodeRefused, LimitReached: as in `use_code`.
    """
    login_code = use_code(
        identifier=identifier,
        purpose=Purpose.STEP_UP,
        browser_key=browser_key,
        code=code,
        address_block=address_block,
        now=now,
    )
    if login_code.member_id != session.member_id:
        raise CodeRefused(Verdict.WRONG)
    if identifier not in selectors.list_step_up_channels(session.member, now=now):
        # Changed while the code was on its way.
        raise CodeRefused(Verdict.UNKNOWN)
    prove(member=session.member, identifier=identifier, now=now)
    return renew_key(session=session, now=now)
