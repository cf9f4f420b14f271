"""Why a registration cannot begin, go on or be finished."""

from enrolment.rules import LinkState
from members.models import Member


class TooSoon(Exception):
    """Raised when the last link is younger than the resend delay: `retry_after`."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"wait {retry_after} s")
        self.retry_after = retry_after


class NotPending(Exception):
    """Raised when a member has nothing to finish: `member`."""

    def __init__(self, member: Member) -> None:
        super().__init__(f"{member.public_id} is {member.status}")
        self.member = member


class LinkUnusable(Exception):
    """Raised when a link was used, replaced or has expired: `state`."""

    def __init__(self, state: LinkState) -> None:
        super().__init__(state)
        self.state = state


class TermsNotAccepted(Exception):
    """Raised when somebody would become a member without accepting the terms."""


class ChoiceMissing(Exception):
    """Raised when a channel was left without yes or no."""
