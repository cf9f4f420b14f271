"""What a member signs in with: a mobile number or an e-mail address."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext

from common import blind
from consent.models import Channel
from members import phones
from members.models import Identifier as Known

_LONGEST = 254


class IdentifierInvalid(Exception):
    """Raised when text is neither a mobile number nor an e-mail address."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number in E.164 or an address in lower case, and how a code gets there."""

    channel: Channel
    value: str

    @property
    def kind(self) -> Known.Kind:
        """Return what it is called among the things a member is known by."""
        is_phone = self.channel is Channel.SMS
        return Known.Kind.PHONE if is_phone else Known.Kind.EMAIL

    @staticmethod
    def channel_of(kind: str) -> Channel:
        """Return by which channel a number or an address is reached."""
        return Channel.SMS if kind == Known.Kind.PHONE else Channel.EMAIL

    @property
    def index(self) -> bytes:
        """Return the keyed hash under which codes are kept."""
        return blind.index(f"sign-in:{self.channel}", self.value)

    @property
    def block(self) -> str:
        """Return what neighbours share: a thousand numbers, or a mail domain."""
        if self.channel is Channel.SMS:
            return self.value[:-3]
        return self.value.rpartition("@")[2]


def read_identifier(raw: str, *, country: str) -> Identifier:
    """Read what a person typed.

    Raises:
        IdentifierInvalid: with words for the person.
    """
    text = raw.strip()
    if "@" in text:
        return read_email(text)
    try:
        number = phones.normalize(text, country=country)
    except phones.PhoneInvalid as error:
        raise IdentifierInvalid(error.messages[0]) from error
    return Identifier(Channel.SMS, number)


def read_email(raw: str) -> Identifier:
    """Read an e-mail address.

    Raises:
        IdentifierInvalid: with words for the person.
    """
    text = raw.strip()
    try:
        validate_email(text)
    except ValidationError:
        text = ""
    if not text or len(text) > _LONGEST:
        raise IdentifierInvalid(gettext("That is not an e-mail address."))
    return Identifier(Channel.EMAIL, text.lower())
