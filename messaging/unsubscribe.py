"""The link in every marketing message: to the member's choices, without signing in.

Signed and not stored, so that it works for as long as the message may lie in an inbox.
It names the message, so that a withdrawal tells which one preceded it.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from consent.models import MESSAGE_CHANNELS, Channel
from messaging.models import Message

LINK_LIFE = timedelta(days=400)
_SALT = "messaging.unsubscribe"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a link was sent to, on which channel, in which message."""

    member_id: UUID
    channel: Channel
    message_id: UUID


def token_of(message: Message) -> str:
    """Return what the link in a member's message ends with.

    Raises:
        ValueError: the message is to nobody in the club.
    """
    if message.member is None:
        raise ValueError(str(message.public_id))
    return token_for(
        member_id=message.member.public_id,
        channel=message.channel,
        message_id=message.public_id,
    )


def token_for(*, member_id: UUID, channel: str, message_id: UUID) -> str:
    """Return what the link ends with in a message that is still to be written."""
    content = member_id.bytes + message_id.bytes
    packed = signing.b64_encode(content).decode() + channel[0]
    return signing.TimestampSigner(salt=_SALT, sep=".").sign(packed)


def read_token(token: str) -> Reader | None:
    """Return whom a link is for; None when it is forged or too old."""
    if len(token) > _LONGEST:
        return None
    try:
        packed = signing.TimestampSigner(salt=_SALT, sep=".").unsign(
            token, max_age=LINK_LIFE
        )
        content = signing.b64_decode(packed[:-1].encode())
    except (signing.BadSignature, ValueError):
        return None
    (channel,) = (each for each in MESSAGE_CHANNELS if each.value[0] == packed[-1])
    return Reader(UUID(bytes=content[:16]), channel, UUID(bytes=content[16:]))


def choices_url(message: Message) -> str:
    """Return the address of the member's choices, for the text of a message."""
    return url_of(token_of(message))


def url_of(token: str) -> str:
    """Return the address of the choices to which a token leads."""
    return _absolute("portal:wishes", token)


def headers_of(message: Message) -> dict[str, str]:
    """Return the headers by which mail programs show a button to stop (RFC 8058)."""
    if message.channel != Channel.EMAIL or message.member is None:
        return {}
    if message.message_class not in {Message.Class.MARKETING, Message.Class.SURVEY}:
        return {}
    return {
        "List-Unsubscribe": f"<{_absolute('portal:wishes-stop', token_of(message))}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _absolute(name: str, token: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse(name, args=[token])}"
