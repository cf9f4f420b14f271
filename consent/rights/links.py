"""The link that takes an erasure back: signed, short enough for an SMS, names nobody.

Not stored: it is good for as long as there is something to take back.
"""

from uuid import UUID

from django.core.signing import b64_decode, b64_encode
from django.utils.crypto import constant_time_compare, salted_hmac

from consent.models import RightsRequest

_SALT = "consent.rights.take-back"
_PROOF_BYTES = 12
_LENGTH = 38


def token_of(request: RightsRequest) -> str:
    """Return what the link ends with."""
    return (b64_encode(request.public_id.bytes) + _proof(request.public_id)).decode()


def find_request(token: str) -> RightsRequest | None:
    """Return the erasure that a link is about; None when it is forged."""
    if len(token) != _LENGTH or not token.isascii():
        return None
    try:
        public_id = UUID(bytes=b64_decode(token[:-16].encode()))
    except ValueError:
        return None
    if not constant_time_compare(token[-16:].encode(), _proof(public_id)):
        return None
    return (
        RightsRequest.objects.select_related("programme", "member__programme")
        .filter(public_id=public_id, kind=RightsRequest.Kind.ERASURE)
        .first()
    )


def _proof(public_id: UUID) -> bytes:
    made = salted_hmac(_SALT, str(public_id), algorithm="sha256").digest()
    return b64_encode(made[:_PROOF_BYTES])
