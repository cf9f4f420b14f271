"""Messages, and a transport that remembers what it was given."""

from contextlib import contextmanager

from django.test import override_settings

from consent.models import Channel
from messaging import transports
from messaging.models import Message
from messaging.services import queue_message

NAME = "recording"


class Recording:
    """Takes every message; `answers` may hold exceptions to raise instead, in turn."""

    def __init__(self):
        self.sent = []
        self.answers = []

    def send(self, outgoing):
        if self.answers:
            answer = self.answers.pop(0)
            if answer is not None:
                raise answer
        self.sent.append(outgoing)
        return f"provider-{len(self.sent)}"

    @property
    def ids(self):
        return [outgoing.id for outgoing in self.sent]


@contextmanager
def recording():
    """Let every channel go to one recording transport."""
    transport = Recording()
    transports.register(NAME, lambda: transport)
    with override_settings(
        MESSAGE_TRANSPORTS=dict.fromkeys([channel.value for channel in Channel], NAME)
    ):
        yield transport


def queue(member, *, now, **changes):
    """Queue a welcome SMS to a member, or what `changes` say instead."""
    channel = changes.get("channel", Channel.SMS)
    values = {
        "programme": member.programme,
        "member": member,
        "channel": channel,
        "message_class": Message.Class.SERVICE,
        "kind": "welcome",
        "language": "sv",
        "address": member.phone if channel == Channel.SMS else member.email,
        "context": {"first_name": "Vera", "number": member.number},
        "dedupe_key": f"test:{Message.objects.count()}:{member.pk}",
        "now": now,
        **changes,
    }
    return queue_message(**values)
