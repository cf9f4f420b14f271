"""The people, the till and the vouchers of these tests."""

import pytest

from tests.factories.members import MemberFactory
from tests.factories.offers import Till


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def till(programme, store):
    return Till(programme, store)
