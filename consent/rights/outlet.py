"""What this room cannot do itself: send codes and messages to who asks.

A face that can (the portal) registers once; without one nothing is sent and nobody can
be proven by a code.
"""

from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise

from consent.models import RightsRequest
from members.models import Member
from stores.models import Staff


class CodeUnsent(Exception):
    """Raised when no code was sent, or an entered one does not count; says why."""

    def __init__(self, words: str | Promise) -> None:
        super().__init__(str(words))
        self.words = str(words)


class Outlet(Protocol):
    """What a face does for a request."""

    def code_ways(self, member: Member, *, now: datetime) -> list[tuple[str, str]]:
        """Return the channels that a code can take, with the masked address of each."""

    def send_code(
        self, request: RightsRequest, *, channel: str, staff: Staff, now: datetime
    ) -> None:
        """Send a code to the member's known number or address.

        Raises:
            CodeUnsent: there is no such way, or too many codes were sent.
        """

    def check_code(
        self,
        request: RightsRequest,
        *,
        channel: str,
        code: str,
        staff: Staff,
        now: datetime,
    ) -> None:
        """Use up the code that the member told.

        Raises:
            CodeUnsent: it is wrong, too old, or too many were tried.
        """

    def tell_answer(
        self, request: RightsRequest, *, text: str, key: str, now: datetime
    ) -> bool:
        """Send an answer to the member; say whether there is anywhere to send it."""

    def tell_cooling(self, request: RightsRequest, *, now: datetime) -> None:
        """Tell that the data will be erased, with the link that takes it back."""

    def tell_taken_back(self, request: RightsRequest, *, now: datetime) -> None:
        """Tell that nothing is erased."""

    def say_farewell(self, request: RightsRequest, *, now: datetime) -> bool:
        """Send the last message; say whether all of it has left the house.

        Called again until it has: a second call queues nothing twice.
        """


_registered: list[Outlet] = []


def register(outlet: Outlet) -> None:
    """Have an outlet used; call it in `AppConfig.ready()`."""
    _registered[:] = [outlet]


def find() -> Outlet | None:
    """Return the registered outlet, or None."""
    return _registered[0] if _registered else None
