"""What a channel must be able to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse

from conversation.rules import SOONEST_ANSWER
from members.models import Member
from messaging.models import Message
from stores.models import Programme


class NotAllowed(Exception):
    """Raised for a request that does not prove whom it comes from."""


class Unreadable(Exception):
    """Raised for a request that is not in the provider's form."""


class AddressInvalid(Exception):
    """Raised for a sender who cannot be answered."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message that came in, whoever brought it.

    `provider_id` is the provider's own and the same at each delivery; `sent_at` is when
    it was written, None where the provider does not say; `soonest` how long a question
    takes to be read and answered at least.
    """

    provider: str
    channel: str
    sender: str
    to: str
    text: str
    provider_id: str
    sent_at: datetime | None = None
    soonest: timedelta = SOONEST_ANSWER


@dataclass(frozen=True, slots=True)
class Question:
    """An answer of ours that is to be written and sent: a kind of message."""

    programme: Programme
    member: Member | None
    address: str
    kind: str
    language: str
    context: Mapping[str, Any]
    dedupe_key: str


@dataclass(frozen=True, slots=True)
class Asked:
    """How an answer went out: as a row of the outbox, or at once."""

    message: Message | None = None
    at: datetime | None = None


class Line(Protocol):
    """The way to people and back."""

    name: str

    def address_of(self, sender: str, programme: Programme) -> str:
        """Return the sender's address in its one spelling, at most 64 characters.

        Raises:
            AddressInvalid: it cannot be answered.
        """

    def phone_of(self, address: str) -> str:
        """Return the number in E.164 that an address proves."""

    def may_answer(self, programme: Programme, address: str) -> bool:
        """Tell whether answers may go to an address at all."""

    def answer(self, question: Question, *, now: datetime) -> Asked:
        """Send it."""


class Provider(Protocol):
    """A webhook."""

    name: str

    def check(self, request: HttpRequest, *, now: datetime) -> None:
        """Let only true messages pass.

        Raises:
            NotAllowed: it may be forged.
        """

    def read(self, request: HttpRequest) -> Inbound | None:
        """Return the message, or None for news that is no message.

        Raises:
            Unreadable: it is in another form.
        """

    def accepted(self) -> HttpResponse:
        """Return what the provider takes for a yes, and for nothing else."""
