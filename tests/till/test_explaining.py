"""The sheet that says how the programme works."""

import pytest

from points.reading import dump
from points.terms import Terms
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db


class TestSheet:
    def test_is_opened_from_the_till(self, till_client, programme):
        EarningRuleFactory(
            programme=programme, terms=dump(Terms(pending_days=14)), published=True
        )
        till_client.cookies["language"] = "en"

        home = till_client.get("/till/").content.decode()
        sheet = till_client.get("/till/how-it-works/").content.decode()

        assert 'href="/till/how-it-works/"' in home
        assert "You can use your points 14 days after the purchase." in sheet

    def test_needs_somebody_at_the_till(self, tablet, programme):
        assert tablet.get("/till/how-it-works/").status_code == 302
