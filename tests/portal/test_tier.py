"""The member's tier on their own pages, and at the till."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.factories.tiers import THREE, did, publish_ladder, tier

pytestmark = pytest.mark.django_db


@pytest.fixture
def ladder(programme):
    benefits = ({"sv": "Fri frakt", "da": "Fri fragt", "en": "Free delivery"},)
    gold = replace(tier("guld", 10000, 8000, en="Gold"), benefits=benefits)
    return publish_ladder(programme, tiers=(*THREE.tiers[:2], gold))


def buy(member, spend):
    now = datetime.now(UTC)
    did(member, now.date(), spend, now=now)


class TestTheFirstPage:
    def test_says_nothing_of_tiers_without_any(self, as_vera):
        page = as_vera.get("/me/").content.decode()

        assert "/me/tier/" not in page

    @pytest.mark.usefixtures("ladder")
    def test_shows_the_tier_and_leads_to_its_page(self, as_vera, vera):
        buy(vera, 6000)

        page = as_vera.get("/me/").content.decode()

        assert "Silver" in page
        assert 'href="/me/tier/"' in page


class TestThePage:
    def test_is_not_there_without_tiers(self, as_vera):
        assert as_vera.get("/me/tier/").status_code == 404

    @pytest.mark.usefixtures("ladder")
    def test_begins_with_the_lowest(self, as_vera):
        page = as_vera.get("/me/tier/").content.decode()

        assert "Alla börjar med Bas." in page or "Everybody begins with Bas." in page
        assert "5\u00a0000\u00a0kr" in page

    @pytest.mark.usefixtures("ladder")
    def test_says_what_is_missing_what_each_gives_and_why(self, as_vera, vera):
        buy(vera, 6000)
        vera.language = "en"
        vera.save(update_fields=["language"])

        page = as_vera.get("/me/tier/", headers={"accept-language": "en"})
        text = page.content.decode()

        assert "4\u00a0000\u00a0kr" in text
        assert "Fri frakt" in text or "Free delivery" in text
        assert 'id="why"' in text

    @pytest.mark.usefixtures("ladder")
    def test_asks_as_often_however_much_was_bought(
        self, as_vera, vera, django_assert_max_num_queries
    ):
        for _each in range(5):
            buy(vera, 1500)
        as_vera.get("/me/tier/")

        with django_assert_max_num_queries(8):
            as_vera.get("/me/tier/")
