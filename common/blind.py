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
    text = unicodedata.normalize("NFC", value.strip()).casefold()
    key = settings.BLIND_INDEX_KEY.encode()
    return hmac.new(key, f"{kind}:{text}".encode(), hashlib.sha256).digest()


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
