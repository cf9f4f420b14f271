"""Read whose a receipt is."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from members import cards, phones
from purchases import rules
from purchases.parsing.reader import Reader
from purchases.rules import Club, ContactIn, ContactKind

LONGEST_SYSTEM = 32
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,63}\Z")
_EXTERNAL = "ExternalId"


def read_contact(
    reader: Reader, body: dict[str, Any], club: Club, purchased_at: datetime
) -> ContactIn | None:
    contact = body.get("contact")
    if contact is None:
        return None
    if not isinstance(contact, dict):
        reader.fault("/contact", "not_an_object")
        return None
    named = reader.text(contact, "matchKeyType", "/contact", 20, needed=True)
    value = reader.text(contact, "matchKey", "/contact", 254, needed=True)
    if named == _EXTERNAL:
        return _external(reader, contact, value)
    if not named or not value:
        return None
    read = _CONTACTS.get(named)
    if read is None:
        reader.fault("/contact/matchKeyType", "unknown_key_type")
        return None
    return read(reader, value, club, purchased_at)


def _phone(
    reader: Reader, value: str, club: Club, _purchased_at: datetime
) -> ContactIn | None:
    try:
        phone = phones.normalize(value, country=club.country)
    except phones.PhoneInvalid:
        reader.fault("/contact/matchKey", "phone_malformed")
        return None
    return ContactIn(ContactKind.PHONE, phone)


def _email(
    reader: Reader, value: str, _club: Club, _purchased_at: datetime
) -> ContactIn | None:
    if not _EMAIL.match(value):
        reader.fault("/contact/matchKey", "email_malformed")
        return None
    return ContactIn(ContactKind.EMAIL, value.lower())


def _number(
    reader: Reader, value: str, _club: Club, _purchased_at: datetime
) -> ContactIn | None:
    digits = "".join(value.split())
    if not cards.is_number(digits):
        reader.fault("/contact/matchKey", "number_malformed")
        return None
    return ContactIn(ContactKind.NUMBER, digits)


def _card(
    _reader: Reader, value: str, _club: Club, purchased_at: datetime
) -> ContactIn | None:
    """Read a scanned card: the member's number, the card's code, or another card."""
    digits = "".join(value.split())
    if cards.is_number(digits):
        return ContactIn(ContactKind.NUMBER, digits)
    # Good at the time of purchase: a till that was offline sends it hours later.
    public_id = cards.read_token(value, now=purchased_at)
    if public_id is not None:
        return ContactIn(ContactKind.ID, str(public_id))
    return ContactIn(ContactKind.CARD, digits.upper())


def _id(
    reader: Reader, value: str, _club: Club, _purchased_at: datetime
) -> ContactIn | None:
    try:
        return ContactIn(ContactKind.ID, str(UUID(value)))
    except ValueError:
        reader.fault("/contact/matchKey", "id_malformed")
        return None


def _external(reader: Reader, contact: dict[str, Any], value: str) -> ContactIn | None:
    """Read another system's id; which system is it must be said with it."""
    system = reader.text(
        contact, "matchKeySystem", "/contact", LONGEST_SYSTEM, needed=True
    )
    if not value or not system:
        return None
    for name, given in (("matchKey", value), ("matchKeySystem", system)):
        if not given.isprintable():
            reader.fault(f"/contact/{name}", "not_plain_text")
            return None
    return ContactIn(ContactKind.EXTERNAL, rules.external_value(system, value))


_CONTACTS: dict[str, Callable[[Reader, str, Club, datetime], ContactIn | None]] = {
    "MobilePhone": _phone,
    "Email": _email,
    "MemberNumber": _number,
    "CardId": _card,
    "ContactId": _id,
}
KEY_TYPES = (*_CONTACTS, _EXTERNAL)
