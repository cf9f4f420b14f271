"""How points work, and why a receipt gave what it gave, on the member's pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from points.reading import dump
from points.terms import Goods, Multiplier, Terms, When
from tests.factories.club import buy, discount, line, returned
from tests.factories.points import EarningRuleFactory

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture
def english(as_vera):
    """Vera's browser, in English, so that tests can read."""
    as_vera.cookies["language"] = "en"
    return as_vera


def text(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def publish(programme, *multipliers):
    return EarningRuleFactory(
        programme=programme, terms=dump(Terms(multipliers=multipliers)), published=True
    )


COFFEE = Multiplier("coffee", Decimal(2), When(goods=Goods(("Kaffe",))))
FIRST = Multiplier("first", Decimal(3), When(first_purchase=True))


@pytest.fixture
def shops(programme, store, other_store):
    """A version with coffee, and what holds in Lund only."""
    lund = Multiplier("lund", Decimal(5), When(stores=(other_store.code,)))
    return publish(programme, COFFEE, lund)


class TestReceipt:
    def test_says_by_which_rules_a_line_gave_so_much(self, english, vera, store, shops):
        receipt = buy(
            vera,
            store,
            line("50.00", name="Bryggkaffe", article_group="Kaffe"),
            line("10.00", name="Kopp"),
            now=NOW,
        )

        page = text(english, f"/me/receipts/{receipt.public_id}/")

        assert "2 points per krona: double points on kaffe" in page
        assert "+110 · worth 11 kr" in page

    def test_says_what_did_not_count_and_where_it_would_have(
        self, english, vera, store, shops
    ):
        receipt = buy(vera, store, line("50.00", name="Kopp"), now=NOW)

        page = text(english, f"/me/receipts/{receipt.public_id}/")

        assert "Why not more?" in page
        assert "It holds only in the store Lund" in page
        assert "It holds only on kaffe" in page

    def test_tells_the_first_purchase_from_the_next(
        self, english, vera, store, programme
    ):
        publish(programme, FIRST)
        first = buy(vera, store, line("50.00"), now=NOW - timedelta(hours=2))
        second = buy(vera, store, line("50.00"), now=NOW)

        one = text(english, f"/me/receipts/{first.public_id}/")
        other = text(english, f"/me/receipts/{second.public_id}/")

        assert "triple points on your first purchase" in one
        assert "It holds only on your first purchase" in other

    def test_explains_nothing_where_every_line_gives_the_same(
        self, english, vera, store, programme
    ):
        publish(programme)
        receipt = buy(
            vera, store, line("200.00", discounts=(discount("100.00"),)), now=NOW
        )

        page = text(english, f"/me/receipts/{receipt.public_id}/")

        assert "The rule on the day: 1 point per krona." in page
        assert "Why not more?" not in page

    def test_says_what_a_return_took_in_money(self, english, vera, store, programme):
        publish(programme)
        bought = buy(vera, store, line("200.00"), now=NOW - timedelta(hours=1))
        back = buy(vera, store, returned("200.00"), now=NOW, original=bought)

        page = text(english, f"/me/receipts/{back.public_id}/")

        assert "\u2212200 · worth \u221220 kr" in page


class TestWorth:
    @pytest.mark.parametrize("address", ["/me/receipts/", "/me/timeline/"])
    def test_stands_where_points_are_listed(
        self, english, vera, store, programme, address
    ):
        publish(programme)
        buy(vera, store, line("200.00"), now=NOW)

        assert "1 point is worth 10 öre." in text(english, address)


class TestHowItWorks:
    def test_is_said_in_short_at_home_and_in_full_behind_it(self, english, shops):
        home = text(english, "/me/")
        everything = text(english, "/me/how-it-works/")

        assert "Double points on kaffe." in home
        assert 'href="/me/how-it-works/"' in home
        assert "Points are counted on what you pay" not in home
        assert "Double points on kaffe." in everything
        assert "Points are counted on what you pay" in everything
        assert 'href="/me/how-it-works/"' in text(english, "/me/help/")

    def test_is_a_page_also_while_no_points_are_given(self, english):
        assert "gives no points at the moment" in text(english, "/me/how-it-works/")

    def test_asks_the_database_no_more_for_many_rules(
        self, as_vera, programme, store, django_assert_max_num_queries
    ):
        publish(
            programme,
            *(
                Multiplier(f"m{number}", Decimal(2), When(stores=(store.code,)))
                for number in range(20)
            ),
        )
        as_vera.get("/me/how-it-works/")

        with django_assert_max_num_queries(12):
            as_vera.get("/me/how-it-works/")
