"""What carries a message out of the house; chosen for each channel by settings."""

import json
import smtplib
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import formataddr
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

# Ten of these fit into the time that a claim lasts (see messaging.delivery).
_SECONDS = 5
_LONGEST_ANSWER = 64 * 1024
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Refused(Exception):
    """Raised when the provider says no for good: another try would end the same."""


class NotSent(Exception):
    """Raised when the provider certainly has not taken it: try again later."""


class Unsure(Exception):
    """Raised when the provider may or may not have taken it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as a transport gets it; `id` is the same each time it is tried."""

    id: str
    address: str
    sender_name: str
    sender_address: str
    subject: str
    body: str
    # Further headers of an e-mail.
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """Sends one message and returns the provider's id for it."""

    def send(self, outgoing: Outgoing) -> str:
        """Send it.

        Raises:
            Refused, NotSent, Unsure: see there.
        """


_transports: dict[str, Callable[[], Transport]] = {}


def register(name: str, make: Callable[[], Transport]) -> None:
    """Make a transport known under the name that settings give."""
    _transports[name] = make


def names() -> frozenset[str]:
    """Return the names of every transport."""
    return frozenset(_transports)


def transport_for(channel: str) -> Transport:
    """Return the transport that settings name for a channel.

    Raises:
        NotSent: none is named, or one that does not exist: messages wait for it.
    """
    name = settings.MESSAGE_TRANSPORTS.get(channel, "")
    if name not in _transports:
        raise NotSent(f"no transport {name!r} for {channel}")
    return _transports[name]()


class Simulator:
    """Sends nothing: the message is read at /dev/outbox."""

    def send(self, outgoing: Outgoing) -> str:
        if not settings.MESSAGE_SIMULATOR:
            raise NotSent("the simulator is off")
        return "simulator"


class Smtp:
    """E-mail through the server that settings name."""

    def send(self, outgoing: Outgoing) -> str:
        host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        message_id = f"<{outgoing.id}@{host}>"
        email = EmailMessage(
            subject=outgoing.subject,
            body=outgoing.body,
            from_email=formataddr(
                (
                    outgoing.sender_name,
                    outgoing.sender_address or settings.DEFAULT_FROM_EMAIL,
                )
            ),
            to=[outgoing.address],
            # The same at each try, so that mail readers show one message.
            headers={
                "Message-ID": message_id,
                "Auto-Submitted": "auto-generated",
                **outgoing.headers,
            },
        )
        try:
            email.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = next(iter(error.recipients.values()))
            raise _by_code(code, reason) from error
        except smtplib.SMTPResponseException as error:
            raise _by_code(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(str(error)) from error
        except ValueError as error:
            # Without its words: they repeat the address.
            raise Refused("malformed address or header") from error
        except (ConnectionRefusedError, socket.gaierror) as error:
            raise NotSent(str(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            # The line broke; perhaps after the server had taken it.
            raise Unsure(str(error)) from error
        return message_id


class HttpSms:
    """SMS through a provider that takes JSON over HTTPS.

    Posts `{"id", "from", "to", "text"}` with the token as bearer and the id also as
    `Idempotency-Key`. Any 2xx means taken; an `id` in the JSON answer is kept.
    Redirects are not followed: they would carry the token elsewhere.
    """

    def __init__(self, url: str = "", token: str = "") -> None:
        self.url = urlsplit(url or settings.SMS_HTTP_URL)
        self.token = token or settings.SMS_HTTP_TOKEN
        secure = self.url.scheme == "https" or self.url.hostname in _LOOPBACK
        if not (self.url.hostname and secure):
            raise NotSent("SMS_HTTP_URL must be an https address")

    def send(self, outgoing: Outgoing) -> str:
        body = json.dumps(
            {
                "id": outgoing.id,
                "from": outgoing.sender_name,
                "to": outgoing.address,
                "text": outgoing.body,
            }
        ).encode()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": outgoing.id,
        }
        with closing(_connection(self.url)) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise NotSent(f"not reached: {error}") from error
            path = self.url.path or "/"
            if self.url.query:
                path = f"{path}?{self.url.query}"
            try:
                connection.request("POST", path, body=body, headers=headers)
                return _accepted(connection.getresponse())
            except (OSError, HTTPException) as error:
                raise Unsure(f"no answer: {error}") from error


def _connection(url: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    return kind(url.hostname or "", url.port, timeout=_SECONDS)


def _accepted(response: HTTPResponse) -> str:
    status = response.status
    if status in {408, 425, 429, 503}:
        raise NotSent(f"status {status}")
    if status >= 500:
        raise Unsure(f"status {status}")
    if not 200 <= status < 300:
        raise Refused(f"status {status}")
    try:
        answer = json.loads(response.read(_LONGEST_ANSWER))
    except ValueError:
        # Taken all the same; only the provider's name for it is not known.
        return ""
    return str(answer.get("id") or "")[:120] if isinstance(answer, dict) else ""


def _by_code(code: int, reason: bytes | str) -> Exception:
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    kind = NotSent if 400 <= code < 500 else Refused
    return kind(f"{code} {text}")


register("simulator", Simulator)
register("smtp", Smtp)
register("http_sms", HttpSms)
