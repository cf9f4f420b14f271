"""A club that is open, and a phone."""

import pytest

from tests.factories.club import open_club
from tests.factories.conversation import Phone


@pytest.fixture
def club(programme, store):
    open_club(programme)
    return programme


@pytest.fixture
def phone(club, now):
    return Phone(club, now=now)
