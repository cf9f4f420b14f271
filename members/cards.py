"""The membership number, and the short-lived code that the member's card shows."""

import base64
import binascii
import hashlib
import re
import secrets
import struct
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from common.ids import has_valid_check_digit, luhn_digit
from members.models import Member

NUMBER_LENGTH = 12
TOKEN_LIFE = timedelta(minutes=15)
# Tells our numbers from other rows of twelve digits, such as American article numbers.
NUMBER_PREFIX = "88"
# Between the prefix and the check digit.
_DRAWN = NUMBER_LENGTH - len(NUMBER_PREFIX) - 1
# Into so many series all numbers are divided, for those who draw many at once.
SERIES = 16

_NONCE, _STAMP, _ID, _TAG = 12, 4, 16, 16
# Base 32, because a scanner that types like a keyboard of another country garbles
# dashes and underscores; capitals and digits also make the smaller QR code.
_TOKEN = re.compile(r"[A-Z2-7]{77}\Z")


def new_number() -> str:
    """Return a random membership number with its check digit."""
    body = f"{NUMBER_PREFIX}{secrets.randbelow(10**_DRAWN):0{_DRAWN}d}"
    return body + luhn_digit(body)


def new_numbers(count: int, *, series: int) -> list[str]:
    """Return so many different random numbers, at a sixth of what they cost singly.

    Numbers of different series, modulo `SERIES`, are never the same: of two who draw
    five thousand each at the same moment, one in forty times both draw one number.
    """
    series %= SERIES
    room = 10**_DRAWN // SERIES
    prefix, high, middle, low = _check_digits()
    found: set[str] = set()
    while missing := count - len(found):
        # Of 2**64 values more than room takes none is to be noticed as likelier.
        for (noise,) in struct.iter_unpack("Q", secrets.token_bytes(8 * missing)):
            drawn = noise % room * SERIES + series
            digit = (
                prefix
                + high[drawn // 1_000_000]
                + middle[drawn // 1_000 % 1_000]
                + low[drawn % 1_000]
            ) % 10
            found.add(f"{NUMBER_PREFIX}{drawn:0{_DRAWN}d}{digit}")
    return list(found)


@cache
def _check_digits() -> tuple[int, list[int], list[int], list[int]]:
    """Return check digits of a number's parts: the prefix, and thrice three digits.

    Nine are drawn. That of the whole is their sum, modulo ten.
    """
    threes = [f"{number:03d}" for number in range(1_000)]
    high, middle, low = (
        [int(luhn_digit(digits + "0" * behind)) for digits in threes]
        for behind in (6, 3, 0)
    )
    return int(luhn_digit(f"{NUMBER_PREFIX}{'0' * _DRAWN}")), high, middle, low


def is_number(digits: str) -> bool:
    """Tell whether these digits can be a membership number."""
    return len(digits) == NUMBER_LENGTH and has_valid_check_digit(digits)


def display_number(number: str) -> str:
    """Group a membership number as it is read out: `8812 3456 7895`."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def card_token(member: Member, *, now: datetime) -> str:
    """Return what the card's QR code holds: opaque, and good for fifteen minutes.

    Not the membership number, so that a photo of the card is soon worth nothing.
    """
    stamp = int((now + TOKEN_LIFE).timestamp()).to_bytes(_STAMP)
    nonce = secrets.token_bytes(_NONCE)
    cipher = AESGCM(_key(settings.SECRET_KEY))
    sealed = cipher.encrypt(nonce, member.public_id.bytes, stamp)
    return base64.b32encode(nonce + stamp + sealed).decode().rstrip("=")


def read_token(token: str, *, now: datetime) -> UUID | None:
    """Return the public id in a card's code, or None if it is not good (any more)."""
    token = token.strip().upper()
    if not _TOKEN.match(token):
        return None
    try:
        raw = base64.b32decode(token + "===")
    except binascii.Error:
        return None
    nonce, stamp, sealed = raw[:_NONCE], raw[_NONCE:][:_STAMP], raw[_NONCE + _STAMP :]
    if datetime.fromtimestamp(int.from_bytes(stamp), UTC) <= now:
        return None
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return UUID(bytes=AESGCM(_key(secret)).decrypt(nonce, sealed, stamp))
        except InvalidTag:
            continue
    return None


def _key(secret: str) -> bytes:
    # A key of its own, so that nothing signed elsewhere is a card's code.
    return hashlib.sha256(b"members.cards:" + secret.encode()).digest()
