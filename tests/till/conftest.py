"""What the till's tests share: an enrolled device, and a clerk who stands at it."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from stores.services import set_pin
from tests.factories.stores import DeviceFactory, TillFactory
from till.guards import DEVICE_COOKIE

PIN = "7391"


@pytest.fixture
def device(store):
    return DeviceFactory(store=store, till=TillFactory(store=store, name="Kassa 2"))


@pytest.fixture
def with_pin(olga):
    """Give a person the PIN 7391."""

    def give(person):
        return set_pin(staff=person, pin=PIN, actor=olga, now=datetime.now(UTC))

    return give


@pytest.fixture
def tablet(device):
    """A browser that is the device; nobody has identified."""
    client = Client()
    client.cookies[DEVICE_COOKIE] = device.plain_key
    return client


@pytest.fixture
def till_client(tablet, carl, with_pin):
    """The device with Carl, the clerk, at it."""
    with_pin(carl)
    tablet.post(f"/till/staff/{carl.public_id}/", {"pin": PIN})
    return tablet
