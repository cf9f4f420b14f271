import pytest

from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import TillClient
from tests.factories.stores import StoreFactory


@pytest.fixture
def rule(programme):
    """One point per krona, worth ten öre, since long ago."""
    return EarningRuleFactory(programme=programme, published=True)


@pytest.fixture
def shop(programme):
    """The store that the receipts of `tests.factories.purchases` name."""
    return StoreFactory(programme=programme, code="101")


@pytest.fixture
def vera(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def till(rule, shop, api_key):
    """A till system that may send receipts."""
    return TillClient(api_key)
