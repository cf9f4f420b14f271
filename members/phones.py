"""Phone numbers as people type them, stored as E.164 and shown in the open or masked.

The same number arrives as `070-123 45 67`, `+46 70 …`, `0046 70 …`, `+46(0)70 …`,
`46070 …`, with a Danish number beside a Swedish one, with full-width digits from a
copied web page and with the `tel:` of a copied link.
"""

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

# Far above any number with its separators; nothing longer is worth parsing.
LONGEST_TYPED = 40
# E.164: at most fifteen digits, and at least those that our database accepts.
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_SEPARATORS = re.compile(
    r"[\s().,/\-\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\u2212\ufeff]"
)
_SHAPE = re.compile(r"\+?[0-9]+\Z")
# A number copied from a link (RFC 3966); what may follow it there is refused.
_LINK = re.compile(r"\Atel:", re.IGNORECASE)
# What satellite and other networks without a country are filed under.
_NOWHERE = "001"
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
# Where a number without + or 00 may still carry its calling code: neighbours meet at
# the same till.
_NEIGHBORS = ("46", "45", "47", "358")

_MESSAGES = {
    "empty": gettext_lazy("Enter a mobile number."),
    "not_a_number": gettext_lazy(
        "A phone number has digits only, such as %(example)s."
    ),
    "too_short": gettext_lazy("The number is too short."),
    "too_long": gettext_lazy("The number is too long."),
    "not_valid": gettext_lazy(
        "There is no such number. A foreign number starts with + and its country code."
    ),
    "not_mobile": gettext_lazy("That is not a mobile number. Enter one."),
}


class PhoneInvalid(ValidationError):
    """Raised for what is no mobile number; `code` is stable, the message for people.

    Codes: empty, not_a_number, too_short, too_long, not_valid, not_mobile.
    """

    code: str

    def __init__(self, code: str, *, country: str = "SE") -> None:
        super().__init__(
            _MESSAGES[code], code=code, params={"example": example(country)}
        )


def normalize(raw: str, *, country: str) -> str:
    """Return a mobile number as E.164; `country` is where it was typed.

    Raises:
        PhoneInvalid: it is no mobile number; `.code` says why.
    """
    typed = _digits(raw, country)
    number = _parse(typed, country)
    if not phonenumbers.is_valid_number(number):
        number = _with_calling_code(typed) or number
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid(_reason(number), country=country)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _is_mobile(number):
        raise PhoneInvalid("not_mobile", country=country)
    return e164


def is_mobile(e164: str) -> bool:
    """Tell whether a stored number can get an SMS."""
    number = _stored(e164)
    return number is not None and _is_mobile(number)


def country_of(e164: str) -> str:
    """Return the two letters of the country a stored number belongs to, or nothing."""
    number = _stored(e164)
    return (phonenumbers.region_code_for_number(number) or "") if number else ""


def display(e164: str, country: str) -> str:
    """Write a stored number as people in a country do: `070-123 45 67`."""
    number = _stored(e164)
    if number is None:
        return e164
    at_home = phonenumbers.region_code_for_number(number) == country
    form = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(
        number, form.NATIONAL if at_home else form.INTERNATIONAL
    )


def mask(e164: str, country: str = "SE") -> str:
    """Show only how a number begins and ends: `07•-••• •• 67`."""
    shown = display(e164, country)
    places = [place for place, sign in enumerate(shown) if sign.isdigit()]
    open_places = {*places[:2], *places[-2:]}
    return "".join(
        "•" if sign.isdigit() and place not in open_places else sign
        for place, sign in enumerate(shown)
    )


def mask_email(email: str) -> str:
    """Show only how an address begins and ends: `a•••@e•••.se`."""
    local, at, domain = email.rpartition("@")
    if not at:
        return "•••" if email else ""
    name, _dot, ending = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{ending}"


def example(country: str) -> str:
    """Return a number that shows how they are written in a country."""
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    if number is None:
        return "+46 70 123 45 67"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _digits(raw: str, country: str) -> str:
    """Strip separators; leave digits with perhaps a plus before them."""
    if len(raw) > LONGEST_TYPED:
        raise PhoneInvalid("too_long", country=country)
    # NFKC turns full-width digits and pluses into plain ones.
    typed = _SEPARATORS.sub("", unicodedata.normalize("NFKC", raw))
    typed = _LINK.sub("", typed)
    if not typed:
        raise PhoneInvalid("empty", country=country)
    if not _SHAPE.match(typed):
        raise PhoneInvalid("not_a_number", country=country)
    if len(typed.lstrip("+0")) > _MOST_DIGITS:
        raise PhoneInvalid("too_long", country=country)
    return typed


def _parse(typed: str, country: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(typed, country)
    except NumberParseException as error:
        kinds = NumberParseException
        code = {
            kinds.TOO_SHORT_NSN: "too_short",
            kinds.TOO_SHORT_AFTER_IDD: "too_short",
            kinds.TOO_LONG: "too_long",
        }.get(error.error_type, "not_valid")
        raise PhoneInvalid(code, country=country) from None


def _with_calling_code(typed: str) -> PhoneNumber | None:
    """Read `45 20 12 34 56` as a Danish number whose + was left out."""
    if not typed.startswith(_NEIGHBORS):
        return None
    try:
        number = phonenumbers.parse(f"+{typed}", None)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _is_mobile(number: PhoneNumber) -> bool:
    return (
        phonenumbers.number_type(number) in _MOBILE
        and phonenumbers.region_code_for_number(number) != _NOWHERE
    )


def _reason(number: PhoneNumber) -> str:
    possible = phonenumbers.is_possible_number_with_reason(number)
    reasons = phonenumbers.ValidationResult
    if possible == reasons.TOO_SHORT:
        return "too_short"
    return "too_long" if possible == reasons.TOO_LONG else "not_valid"


def _stored(e164: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(e164, None)
    except NumberParseException:
        return None
