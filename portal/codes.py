"""What is kept of codes, browsers and sessions: hashes, never the thing itself."""

import hashlib
import secrets
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from portal.rules import CODE_DIGITS


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def new_key() -> str:
    """Return a secret of 256 bits, for a browser or a session."""
    return secrets.token_urlsafe(32)


def code_hash(public_id: UUID, code: str) -> bytes:
    """Return what is kept of a code.

    Keyed, since a million codes are tried out against a plain hash in no time, and
    bound to its row, so that equal codes do not look alike.
    """
    return salted_hmac(
        "portal.code", f"{public_id}:{code}", algorithm="sha256"
    ).digest()


def is_same(stored: bytes, computed: bytes) -> bool:
    """Compare two hashes in a time that tells nothing."""
    return constant_time_compare(stored.hex(), computed.hex())


def key_hash(key: str) -> bytes:
    """Return what is kept of a 256-bit secret; a slow hash would add nothing."""
    return hashlib.sha256(key.encode()).digest()
