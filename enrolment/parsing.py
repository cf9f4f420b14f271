"""Read whom another system sends, and say everything that is wrong with it at once."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from common.codes import fault_words
from common.problems import Fault, invalid
from enrolment import rules
from enrolment.services import Person
from members import phones
from members import services as members

LONGEST_NAME = 60
LONGEST_EMAIL = 254
LONGEST_POSTCODE = 10
LONGEST_SYSTEM = 32
LONGEST_ID = 128
LONGEST_STORE = 40


@dataclass(frozen=True, slots=True)
class Sent:
    """A body that can be acted on; `store` is a code, empty when none was sent."""

    person: Person
    store: str
    send_link: bool


@dataclass(slots=True)
class _Reader:
    """Takes fields from a body and notes what is wrong with them."""

    body: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)
    path: str = ""

    def fault(self, name: str, code: str) -> None:
        self.faults.append(_fault(f"{self.path}/{name}", code))

    def text(self, name: str, longest: int) -> str:
        """Return a text without spaces around it, empty when there is none."""
        value = self.body.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault(name, "not_text")
            return ""
        value = value.strip()
        if len(value) > longest:
            self.fault(name, "too_long")
            return ""
        if not value.isprintable():
            self.fault(name, "not_plain_text")
            return ""
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            self.fault(name, "not_a_flag")
            return default
        return value


def parse(body: object, *, country: str, zone: str, now: datetime) -> Sent:
    """Read a body.

    Raises:
        Problem: 422 with every fault and where it is.
    """
    if not isinstance(body, dict):
        raise invalid([_fault("/", "not_an_object")])
    reader = _Reader(body)
    if "consents" in body:
        reader.fault("consents", "consents_not_taken")
    system, external_id = _external(reader)
    person = Person(
        phone=_phone(reader, country),
        email=_email(reader),
        first_name=_name(reader, "firstName"),
        last_name=_name(reader, "lastName"),
        birthday_on=_birthday(reader, zone, now),
        postcode=reader.text("postcode", LONGEST_POSTCODE),
        language=_language(reader),
        external_system=system,
        external_id=external_id,
    )
    if not person.phone and not person.email and not reader.faults:
        reader.faults.append(_fault("/", "contact_missing"))
    sent = Sent(
        person=person,
        store=reader.text("store", LONGEST_STORE),
        send_link=reader.flag("sendLink", default=True),
    )
    if reader.faults:
        raise invalid(reader.faults)
    return sent


def _phone(reader: _Reader, country: str) -> str:
    typed = reader.text("mobile", phones.LONGEST_TYPED)
    if not typed:
        return ""
    try:
        return phones.normalize(typed, country=country)
    except phones.PhoneInvalid:
        reader.fault("mobile", "phone_malformed")
        return ""


def _email(reader: _Reader) -> str:
    typed = reader.text("email", LONGEST_EMAIL)
    try:
        return members.clean_email(typed)
    except members.EmailInvalid:
        reader.fault("email", "email_malformed")
        return ""


def _name(reader: _Reader, name: str) -> str:
    return " ".join(reader.text(name, LONGEST_NAME).split())


def _birthday(reader: _Reader, zone: str, now: datetime) -> date | None:
    typed = reader.text("birthday", 10)
    if not typed:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    try:
        born = date.fromisoformat(typed)
    except ValueError:
        reader.fault("birthday", "not_a_date")
        return None
    if not rules.is_plausible_birthday(born, today=today):
        reader.fault("birthday", "not_a_birthday")
    elif not rules.is_old_enough(born, today=today):
        reader.fault("birthday", "too_young")
    return born


def _language(reader: _Reader) -> str:
    asked = reader.text("language", 2).lower()
    if asked and asked not in dict(settings.LANGUAGES):
        reader.fault("language", "unknown_language")
    return asked


def _external(reader: _Reader) -> tuple[str, str]:
    value = reader.body.get("externalId")
    if value is None:
        return "", ""
    if not isinstance(value, dict):
        reader.fault("externalId", "not_an_object")
        return "", ""
    inner = _Reader(value, reader.faults, "/externalId")
    system = inner.text("system", LONGEST_SYSTEM)
    external_id = inner.text("id", LONGEST_ID)
    for name, given in (("system", system), ("id", external_id)):
        if not given and not any(
            fault.pointer == f"/externalId/{name}" for fault in reader.faults
        ):
            inner.fault(name, "required")
    return system, external_id


def _fault(pointer: str, code: str) -> Fault:
    return Fault(pointer, code, fault_words(code))
