import pytest

from points import proof, reading
from points.models import Account
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import BOUGHT_AT

SINCE = BOUGHT_AT.replace(year=2025)


def balance(member):
    """All that a member has, usable or not."""
    account = Account.objects.filter(member=member).first()
    return account.balance if account else 0


@pytest.fixture(autouse=True)
def _ledger_is_sound(db):
    yield
    assert not proof.check().differences


@pytest.fixture
def publish(programme, rule):
    """Publish a further version, in force since a year before the purchases."""

    def publish(terms, *, starts_at=SINCE, **columns):
        return EarningRuleFactory(
            programme=programme,
            published=True,
            starts_at=starts_at,
            terms=reading.dump(terms),
            **columns,
        )

    return publish
