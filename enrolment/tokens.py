"""The secret in a join link."""

import hashlib
import re
import secrets

_BYTES = 16
_SHAPE = re.compile(r"\A[A-Za-z0-9_-]{22}\Z")


def new() -> str:
    """Return 128 random bits as 22 characters that survive any SMS client."""
    return secrets.token_urlsafe(_BYTES)


def is_token(text: str) -> bool:
    """Tell whether a text can be a token at all."""
    return bool(_SHAPE.match(text))


def digest(token: str) -> bytes:
    """Return what is stored: random enough that a plain SHA-256 suffices."""
    return hashlib.sha256(token.encode()).digest()
