"""Any other provider, or a small program between it and us: signed JSON.

Signed as Standard Webhooks has it: `webhook-id`, `webhook-timestamp` (Unix seconds) and
`webhook-signature` (`v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`;
several with spaces between them while a secret is being changed). The body is
`{"from", "to", "text", "sent_at"}`, the last as RFC 3339 if it is known.
"""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from conversation.channels.contract import Inbound, NotAllowed, Unreadable

# Further from our clock, a message is taken for one that somebody kept and sent again.
TOLERANCE = timedelta(minutes=5)
_PREFIX = "whsec_"


class Generic:
    """JSON with a signature over id, time and body."""

    name = "generic"

    def check(self, request: HttpRequest, *, now: datetime) -> None:
        message_id = request.headers.get("webhook-id", "")
        stamp = request.headers.get("webhook-timestamp", "")
        if not message_id or not (stamp.isascii() and stamp.isdigit()):
            raise NotAllowed("headers")
        if abs(int(stamp[:12]) - now.timestamp()) > TOLERANCE.total_seconds():
            raise NotAllowed("timestamp")
        expected = signature(
            settings.SMS_INBOUND_SECRET, message_id, stamp, request.body
        ).encode()
        given = request.headers.get("webhook-signature", "").split()
        # Each is compared, whatever came of the one before it.
        right = [hmac.compare_digest(expected, each.encode()) for each in given]
        if not settings.SMS_INBOUND_SECRET or not any(right):
            raise NotAllowed("signature")

    def read(self, request: HttpRequest) -> Inbound | None:
        try:
            content = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise Unreadable("no JSON") from error
        if not isinstance(content, dict):
            raise Unreadable("no object")
        sender, text = content.get("from"), content.get("text", "")
        to, sent_at = content.get("to", ""), content.get("sent_at", "")
        if not all(isinstance(each, str) for each in (sender, text, to, sent_at)):
            raise Unreadable("from, to, text and sent_at are texts")
        if not sender:
            raise Unreadable("from is needed")
        return Inbound(
            provider=self.name,
            channel="sms",
            sender=sender,
            to=to,
            text=text,
            provider_id=request.headers["webhook-id"],
            sent_at=_moment(sent_at),
        )

    def accepted(self) -> HttpResponse:
        return HttpResponse(status=204)


def signature(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """Return the signature of a body; the secret may be written `whsec_` and Base64."""
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX))
        except binascii.Error:
            key = secret.encode()
    signed = f"{message_id}.{stamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("sent_at is RFC 3339") from error
    if moment.tzinfo is None:
        raise Unreadable("sent_at needs its zone")
    return moment
