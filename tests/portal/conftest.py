"""What the portal's tests share: members, and browsers."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from messaging.models import Message
from tests.factories.members import MemberFactory
from tests.factories.portal import signed_in


@pytest.fixture
def vera(programme, store):
    """The member."""
    return MemberFactory(
        programme=programme,
        first_name="Vera",
        phone="+46701740605",
        email="vera@example.se",
        registered_store=store,
    )


@pytest.fixture
def bo(programme):
    """Another member, of whom Vera must see nothing."""
    return MemberFactory(
        programme=programme,
        first_name="Bo",
        phone="+46701740606",
        email="bo@example.se",
    )


@pytest.fixture
def as_vera(vera):
    return signed_in(vera, now=datetime.now(UTC))


@pytest.fixture
def browser(programme):
    """A browser in which nobody is signed in."""
    return Client(headers={"user-agent": "Mozilla/5.0 (Linux; Android 15) Chrome/140"})


@pytest.fixture
def last_code():
    """Read the newest code out of the outbox."""

    def read(address):
        message = Message.objects.filter(
            address=address, kind__endswith="_code"
        ).latest("queued_at", "pk")
        return re.search(r"\b[0-9]{6}\b", message.body)[0]

    return read
