"""Read an act of permission that another system reports, with all that is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

from common.codes import fault_words
from common.problems import Fault, Problem, invalid
from consent.models import Channel, ConsentEntry, Purpose

LONGEST_SOURCE = 120
LONGEST_REFERENCE = 120
# Clocks of two systems differ by so much without anybody noticing.
CLOCKS_DIFFER = timedelta(minutes=2)
ACTIONS = (
    ConsentEntry.Action.GIVEN,
    ConsentEntry.Action.REFUSED,
    ConsentEntry.Action.WITHDRAWN,
    ConsentEntry.Action.OBJECTED,
)
_SAID_ONCE = frozenset({Purpose.PROFILING, Purpose.PARTNERS})


@dataclass(frozen=True, slots=True)
class Sent:
    """An act that can be written down."""

    purpose: str
    channel: str
    action: str
    at: datetime
    source: str
    reference: str
    text_id: UUID | None
    # Set for a customer relation, and nothing else.
    receipt_id: UUID | None
    could_refuse: bool

    @property
    def is_soft_opt_in(self) -> bool:
        """Tell whether the ground is a purchase and not a consent."""
        return self.receipt_id is not None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a past instant."""

    channel: str
    message_class: str
    purpose: str
    at: datetime


@dataclass(slots=True)
class _Reader:
    """Takes fields and notes what is wrong with them."""

    body: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, name: str, code: str) -> None:
        self.faults.append(Fault(f"/{name}", code, fault_words(code)))

    def text(self, name: str, longest: int, *, required: bool = False) -> str:
        value = self.body.get(name)
        if value is None or value == "":
            if required:
                self.fault(name, "required")
            return ""
        if not isinstance(value, str):
            self.fault(name, "not_text")
            return ""
        value = value.strip()
        if required and not value:
            self.fault(name, "required")
        elif len(value) > longest:
            self.fault(name, "too_long")
        return value

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        value = self.text(name, 64, required=True)
        if value and value not in options:
            self.fault(name, "unknown_value")
            return ""
        return value

    def uuid(self, name: str) -> UUID | None:
        value = self.text(name, 64)
        if not value:
            return None
        try:
            return UUID(value)
        except ValueError:
            self.fault(name, "not_an_id")
            return None

    def moment(self, name: str, now: datetime) -> datetime:
        """Return a time that names its zone and has passed; `now` where it is wrong."""
        value = self.text(name, 40, required=True)
        if not value:
            return now
        try:
            at = parse_datetime(value)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fault(name, "not_a_time")
            return now
        if at > now + CLOCKS_DIFFER:
            self.fault(name, "in_the_future")
        return min(at, now)

    def refuse(self) -> None:
        """Let pass what nothing is wrong with.

        Raises:
            Problem: something is.
        """
        if self.faults:
            raise invalid(self.faults)


def parse_act(body: object, *, now: datetime) -> Sent:
    """Read an act of a member's.

    Raises:
        Problem: 422 with everything that is wrong.
    """
    if not isinstance(body, dict):
        raise fault("/", "not_an_object")
    reader = _Reader(body)
    purpose = reader.choice("purpose", tuple(Purpose.values))
    channel = reader.choice("channel", tuple(Channel.values))
    action = reader.choice("action", ACTIONS)
    sent = Sent(
        purpose=purpose,
        channel=channel,
        action=action,
        at=reader.moment("at", now),
        source=reader.text("source", LONGEST_SOURCE, required=True),
        reference=reader.text("reference", LONGEST_REFERENCE),
        text_id=reader.uuid("textId"),
        receipt_id=reader.uuid("receiptId"),
        could_refuse=body.get("couldRefuse") is True,
    )
    if purpose and channel and action:
        _refuse_what_does_not_fit(reader, sent)
    reader.refuse()
    return sent


def _refuse_what_does_not_fit(reader: _Reader, sent: Sent) -> None:
    is_yes = sent.action == ConsentEntry.Action.GIVEN
    # An objection is to marketing on every way; the rest has its way, or none.
    is_for_all = sent.purpose in _SAID_ONCE or (
        sent.action == ConsentEntry.Action.OBJECTED
        and sent.purpose == Purpose.MARKETING
    )
    if (sent.channel == Channel.ANY) != is_for_all:
        reader.fault("channel", "does_not_fit_purpose")
    if sent.action == ConsentEntry.Action.OBJECTED and (
        sent.purpose != Purpose.MARKETING
    ):
        reader.fault("purpose", "objections_are_to_marketing")
    if is_yes and reader.body.get("textId") in {None, ""}:
        reader.fault("textId", "required")
    if sent.is_soft_opt_in:
        if not is_yes or sent.purpose != Purpose.MARKETING:
            reader.fault("receiptId", "not_needed")
        elif not sent.could_refuse:
            reader.fault("couldRefuse", "no_chance_to_refuse")


def parse_question(
    query: Mapping[str, Any], *, classes: tuple[str, ...], now: datetime
) -> Asked:
    """Read a question about a past instant.

    Raises:
        Problem: 422 with everything that is wrong.
    """
    reader = _Reader(query)
    channels = tuple(each for each in Channel.values if each != Channel.ANY)
    purpose = reader.text("purpose", 64)
    if purpose and purpose not in Purpose.values:
        reader.fault("purpose", "unknown_value")
    asked = Asked(
        channel=reader.choice("channel", channels),
        message_class=reader.choice("class", classes),
        purpose=purpose,
        at=reader.moment("at", now),
    )
    if asked.message_class in {"MARKETING", "SURVEY"} and not purpose:
        reader.fault("purpose", "required")
    reader.refuse()
    return asked


def fault(pointer: str, code: str) -> Problem:
    """Return the problem of one thing that is wrong."""
    return invalid([Fault(pointer, code, fault_words(code))])
