"""Phones that write to the club, and providers that bring it."""

import base64
import itertools
from datetime import datetime, timedelta

from consent.models import Channel
from conversation import services
from conversation.channels import Inbound
from conversation.models import InboundMessage
from messaging.models import Message
from messaging.services import send_due
from tests.factories.messaging import recording

PHONE = "+46701740605"
TOKEN = "an-address-that-only-the-provider-knows-0123456789"
_ids = itertools.count(1)


def inbound(text, *, sender=PHONE, provider_id=None, sent_at=None, **fields):
    """Return a message as a provider brings it."""
    values = {
        "provider": "test",
        "channel": "sms",
        "sender": sender,
        "to": "+46766861234",
        "text": text,
        "provider_id": provider_id or f"test-{next(_ids)}",
        "sent_at": sent_at,
    }
    return Inbound(**(values | fields))


class Phone:
    """A phone whose owner reads what comes before they write.

    Everything happens half a minute after what was before it.
    """

    def __init__(self, programme, *, now: datetime, number=PHONE):
        self.programme, self.number, self.now = programme, number, now
        self.received = []

    def write(
        self, text, *, sent_at=None, provider_id=None, **fields
    ) -> InboundMessage:
        """Send an SMS, without waiting for what comes."""
        return services.receive(
            programme=self.programme,
            inbound=inbound(
                text,
                sender=self.number,
                sent_at=self.now if sent_at is None else sent_at,
                provider_id=provider_id,
                **fields,
            ),
            now=self.now,
        )

    def wait(self, by=timedelta(seconds=30)) -> list[Message]:
        """Let the worker send what is due, and time go on; return what came."""
        with recording():
            while send_due(now=self.now):
                pass
        came = list(
            Message.objects.filter(
                address=self.number, channel=Channel.SMS, state=Message.State.SENT
            )
            .exclude(pk__in=[message.pk for message in self.received])
            .order_by("pk")
        )
        self.received += came
        self.now += by
        return came

    def say(self, *texts) -> list[str]:
        """Write, wait, and return the kinds of what came to the last text."""
        kinds = []
        for text in texts:
            self.write(text)
            kinds = [
                message.kind.removeprefix("conversation_") for message in self.wait()
            ]
        return kinds


def basic(login):
    """Return the header in which a name and a password travel."""
    return f"Basic {base64.b64encode(login.encode()).decode()}"
