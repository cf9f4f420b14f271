"""Twilio: a form for each message, signed with the account's token.

`X-Twilio-Signature` is HMAC-SHA1 over the address as Twilio called it, followed by
every field's name and value in the order of the names. The form says nothing of when a
message was written.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from conversation.channels.contract import Inbound, NotAllowed, Unreadable


class Twilio:
    """The form that Twilio posts; it wants TwiML back, and gets an empty one."""

    name = "twilio"

    def check(self, request: HttpRequest, *, now: datetime) -> None:
        token = settings.TWILIO_AUTH_TOKEN
        # As Twilio knows it: what proxies before us changed does not count.
        url = settings.PUBLIC_URL.rstrip("/") + request.get_full_path()
        fields = dict(request.POST.lists())
        given = request.headers.get("X-Twilio-Signature", "")
        expected = signature(token, url, fields)
        if not token or not hmac.compare_digest(expected.encode(), given.encode()):
            raise NotAllowed("signature")

    def read(self, request: HttpRequest) -> Inbound | None:
        form = request.POST
        if "MessageStatus" in form or form.get("SmsStatus", "received") != "received":
            return None
        provider_id = form.get("MessageSid") or form.get("SmsMessageSid")
        if not (provider_id and form.get("From")):
            raise Unreadable("MessageSid and From are needed")
        return Inbound(
            provider=self.name,
            channel="sms",
            sender=form["From"],
            to=form.get("To", ""),
            text=form.get("Body", ""),
            provider_id=provider_id,
        )

    def accepted(self) -> HttpResponse:
        return HttpResponse("<Response/>", content_type="text/xml")


def signature(token: str, url: str, fields: Mapping[str, Sequence[object]]) -> str:
    """Return the signature of a form that was posted to an address."""
    signed = url + "".join(
        f"{name}{value}"
        for name in sorted(fields)
        for value in sorted({str(value) for value in fields[name]})
    )
    # Theirs to choose: SHA-1 as a HMAC has no known weakness.
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
