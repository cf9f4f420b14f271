"""Blind indexes: look a value up without storing it in the clear."""

import hashlib
import hmac
import unicodedata

from django.conf import settings

_BLOCK = 64


def index(kind: str, value: str) -> bytes:
    """Return a keyed hash (HMAC-SHA-256) of an identifier of a kind.

    The kind is part of the hash so that a card number and a phone number with the
    same digits do not meet.
    """
    key = settings.BLIND_INDEX_KEY.encode()
    text = f"{kind}:{folded(value)}"
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def folded(value: str) -> str:
    """Return an identifier in the one way of writing it that is hashed."""
    return unicodedata.normalize("NFC", value.strip()).casefold()


def seed() -> int:
    """Return 64 bits that follow from the key, for marks that only sort out.

    A mark is too short to tell one value from another; without the key it tells
    nothing.
    """
    key = settings.BLIND_INDEX_KEY.encode()
    digest = hmac.new(key, b"seed of marks", hashlib.sha256).digest()
    return int.from_bytes(digest[:8], signed=True)


def pads() -> tuple[bytes, bytes]:
    """Return the key as HMAC mixes it in, for hashing inside the database.

    HMAC (RFC 2104) is `sha256(outer + sha256(inner + text))`, with the key padded to a
    block of the hash and mixed with a constant for each. As secret as the key.
    """
    key = settings.BLIND_INDEX_KEY.encode()
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    padded = key.ljust(_BLOCK, b"\x00")
    return (
        bytes(byte ^ 0x36 for byte in padded),
        bytes(byte ^ 0x5C for byte in padded),
    )
