"""A club with a version in force, and goods in its catalogue."""

from datetime import UTC, datetime

import pytest

from purchases.models import Product
from tests.factories.points import EarningRuleFactory


@pytest.fixture
def now():
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def in_force(programme):
    return EarningRuleFactory(programme=programme, published=True)


@pytest.fixture
def coffee(programme):
    return Product.objects.create(
        programme=programme,
        sku="7310",
        name="Bryggkaffe 500 g",
        category="Kaffe",
        brand="Fjäll",
        article_group="Dryck",
    )


@pytest.fixture
def desk(mia, desk_client):
    """Let Mia sit at the desk, in English."""
    client = desk_client(mia)
    client.cookies["language"] = "en"
    return client
