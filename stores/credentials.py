"""Secrets that we hand out: how they are made, and what is kept of them."""

import hashlib
import re
import secrets
import string
from dataclasses import dataclass

from common import blind

# Without letters and digits that are mistaken for each other when read out loud.
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8

_KEY_ID_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A fresh API key: what is shown once, and what is kept."""

    plain: str
    prefix: str
    secret_hash: bytes


def new_api_key() -> NewApiKey:
    """Make an API key with a secret of 256 bits."""
    prefix = "sk_live_" + "".join(secrets.choice(_KEY_ID_ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    return NewApiKey(
        plain=f"{prefix}_{secret}", prefix=prefix, secret_hash=digest(secret)
    )


def new_device_key() -> str:
    """Make the secret that a till device keeps for itself (256 bits)."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Make a code that a manager reads out to the person at the tablet."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def spaced(code: str) -> str:
    """Write a code as it is read out: `ABCD EFGH`."""
    return f"{code[:4]} {code[4:]}"


def code_hash(code: str) -> bytes:
    """Return what is kept of a code, however it was typed.

    Keyed, since the few bits of a code could be tried out against a plain hash.
    """
    return blind.index("device-code", re.sub(r"[\s-]", "", code).upper())


def digest(secret: str) -> bytes:
    """Return what is kept of a secret of 256 bits; a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).digest()
