"""Refuse settings under which messages would not leave, or leave to the wrong place."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from messaging import transports


def transports_are_set(
    app_configs: Sequence[AppConfig] | None = None, **_options: object
) -> list[CheckMessage]:
    """Look at the transport of each channel."""
    found: list[CheckMessage] = []
    for channel, name in settings.MESSAGE_TRANSPORTS.items():
        setting = f"{channel}_TRANSPORT"
        if not name:
            found.append(
                Warning(
                    f"{setting} is not set: these messages wait until it is.",
                    id="messaging.W001",
                )
            )
        elif name not in transports.names():
            known = ", ".join(sorted(transports.names()))
            found.append(
                Error(
                    f"{setting} is {name!r}; it must be one of: {known}.",
                    id="messaging.E001",
                )
            )
        elif name == "simulator" and not settings.MESSAGE_SIMULATOR:
            found.append(
                Error(
                    f"{setting} is the simulator, but MESSAGE_SIMULATOR is off.",
                    id="messaging.E002",
                )
            )
    if "http_sms" in settings.MESSAGE_TRANSPORTS.values() and not (
        settings.SMS_HTTP_URL and settings.SMS_HTTP_TOKEN
    ):
        found.append(
            Error(
                "SMS_TRANSPORT is http_sms: set SMS_HTTP_URL and SMS_HTTP_TOKEN.",
                id="messaging.E003",
            )
        )
    return found
