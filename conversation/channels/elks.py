"""46elks: a form for each message, without a signature.

What protects it is the secret in the address, and beside that whichever of these the
club sets: a name and password (the address may hold them: https://name:password@…), and
the network addresses that 46elks calls from.
"""

import base64
import binascii
import hmac
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.addresses import client_address
from conversation.channels.contract import Inbound, NotAllowed, Unreadable


class Elks:
    """The form that 46elks posts; an answer with a body would be sent as an SMS."""

    name = "46elks"

    def check(self, request: HttpRequest, *, now: datetime) -> None:
        expected = settings.ELKS_INBOUND_LOGIN
        if expected and not hmac.compare_digest(
            _login(request).encode(), expected.encode()
        ):
            raise NotAllowed("login")
        networks = settings.ELKS_INBOUND_ADDRESSES
        if networks and not _is_among(client_address(request), networks):
            raise NotAllowed("address")

    def read(self, request: HttpRequest) -> Inbound | None:
        form = request.POST
        if form.get("direction", "incoming") != "incoming":
            return None
        if not (form.get("id") and form.get("from")):
            raise Unreadable("id and from are needed")
        return Inbound(
            provider=self.name,
            channel="sms",
            sender=form["from"],
            to=form.get("to", ""),
            text=form.get("message", ""),
            provider_id=form["id"],
            sent_at=_moment(form.get("created", "")),
        )

    def accepted(self) -> HttpResponse:
        return HttpResponse(status=200, content_type="text/plain")


def _login(request: HttpRequest) -> str:
    kind, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _is_among(address: str, networks: list[str]) -> bool:
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    return any(caller in ip_network(network, strict=False) for network in networks)


def _moment(text: str) -> datetime | None:
    """Read `2026-11-23T10:15:02.123456`, which is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
