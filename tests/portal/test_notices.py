"""What the member is told after the fact, on every channel."""

from datetime import UTC, datetime
from time import monotonic, sleep

import pytest
from django.test import Client

from members import services as members
from messaging import notices
from messaging.models import Message
from portal import services
from tests.factories.portal import proven, signed_in
from tests.portal.test_contact import change, link_to

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _tasks_wait(monkeypatch):
    monkeypatch.setattr("django_q.conf.Conf.SYNC", False)


def told(kind, *, for_seconds=30.0):
    """Follow the log until it tells; other tests' transactions may be in the way."""
    deadline = monotonic() + for_seconds
    while monotonic() < deadline:
        notices.follow(now=datetime.now(UTC))
        found = list(Message.objects.filter(kind=kind))
        if found:
            return found
        sleep(0.05)
    return []


class TestLeaving:
    def test_is_confirmed_on_every_channel(self, vera):
        services.leave_club(member=vera, now=datetime.now(UTC))

        messages = told("membership_ended")

        assert {message.address for message in messages} == {vera.phone, vera.email}
        assert all(vera.first_name in message.body for message in messages)

    def test_is_confirmed_also_to_who_never_gave_a_name(self, vera):
        vera.first_name = vera.last_name = ""
        vera.save()
        members.leave(member=vera, now=datetime.now(UTC))

        assert len(told("membership_ended")) == 2


class TestTakingAChangeBack:
    def test_is_told_where_the_member_is_reached_again(self, vera, last_code):
        proven(vera, "EMAIL")
        client = signed_in(vera, now=datetime.now(UTC))
        change(client, last_code)

        Client().post(link_to("+46701740605"))

        messages = told("contact_restored")
        assert {message.address for message in messages} == {
            "+46701740605",
            vera.email,
        }
