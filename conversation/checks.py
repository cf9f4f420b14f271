"""Refuse settings under which strangers could write in members' names."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from conversation.channels.registry import provider_names

_SHORTEST_TOKEN = 32


def providers_are_protected(
    app_configs: Sequence[AppConfig] | None = None, **_options: object
) -> list[CheckMessage]:
    """Look at what is open to whom."""
    opened = set(settings.SMS_INBOUND)
    found: list[CheckMessage] = []
    unknown = opened - provider_names()
    if unknown:
        known = ", ".join(sorted(provider_names()))
        found.append(
            Error(
                f"SMS_INBOUND names {', '.join(sorted(unknown))}; there are: {known}.",
                id="conversation.E001",
            )
        )
    if opened and len(settings.SMS_INBOUND_TOKEN) < _SHORTEST_TOKEN:
        found.append(
            Error(
                f"SMS_INBOUND_TOKEN must have at least {_SHORTEST_TOKEN} characters.",
                id="conversation.E002",
            )
        )
    if "twilio" in opened and not settings.TWILIO_AUTH_TOKEN:
        found.append(
            Error(
                "SMS_INBOUND has twilio: set TWILIO_AUTH_TOKEN.", id="conversation.E003"
            )
        )
    if "generic" in opened and not settings.SMS_INBOUND_SECRET:
        found.append(
            Error(
                "SMS_INBOUND has generic: set SMS_INBOUND_SECRET.",
                id="conversation.E004",
            )
        )
    if opened and not settings.SMS_REPLY_NUMBER:
        found.append(
            Warning(
                "SMS_REPLY_NUMBER is not set: a sender's name cannot be answered.",
                id="conversation.W001",
            )
        )
    return found
