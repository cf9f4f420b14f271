"""Whom messages go through, for the record of processing: as the settings say."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from consent.models import Channel
from consent.record import Receiver


def find() -> list[Receiver]:
    """Return the providers that carry messages; none while they are simulated."""
    hosts = {
        "smtp": settings.EMAIL_HOST,
        "http_sms": urlsplit(settings.SMS_HTTP_URL).hostname or "",
    }
    words = {
        Channel.SMS: (_("Delivers SMS"), _("mobile number and text")),
        Channel.EMAIL: (_("Delivers e-mail"), _("e-mail address and text")),
    }
    return [
        Receiver(does=does, who=hosts[transport], gets=gets)
        for channel, (does, gets) in words.items()
        if (transport := settings.MESSAGE_TRANSPORTS.get(channel, "")) in hosts
    ]
