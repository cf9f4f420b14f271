"""Numbers registered at the till, and the links their owners got."""

import re

from enrolment import services
from messaging.models import Message

PHONE = "070-174 06 05"
LINK = re.compile(r"/join/([\w-]{22})/")


def register(programme, *, now, phone=PHONE, store=None, language="sv"):
    """Register a number at the till."""
    return services.register_at_till(
        programme=programme,
        phone=phone,
        store=store,
        device=None,
        staff=None,
        language=language,
        now=now,
    )


def token_in(message: Message) -> str:
    """Return the token that somebody finds in their SMS."""
    return LINK.search(message.body).group(1)
