from datetime import UTC, datetime

import pytest

from tests.factories.members import MemberFactory
from tests.factories.tiers import publish_ladder


@pytest.fixture
def ladder(programme):
    """Silver at 5 000 kr, gold at 10 000 kr in twelve months; less to stay."""
    return publish_ladder(programme)


@pytest.fixture
def vera(programme):
    return MemberFactory(
        programme=programme, registered_at=datetime(2025, 6, 15, 9, tzinfo=UTC)
    )
