"""A member's receipt at the desk: what each line gave, and why."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from points.programme import reasons
from points.programme.engine import Why
from points.programme.naming import names_for
from points.programme.sentences import of_version
from points.reading import dump
from points.selectors import value_of
from points.terms import Goods, Multiplier, Terms, When
from purchases.explaining import explain
from purchases.models import Product, Receipt
from tests.factories.club import buy, line
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import line as sent
from tests.factories.register import Register

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture
def bought(programme, store, vera):
    """Record what Vera bought while coffee of one brand gave double points."""
    when = When(goods=Goods(groups=("Kaffe",), brands=("Fika",)))
    lund = Multiplier("lund", Decimal(5), When(channels=("WEB",)))
    terms = Terms(multipliers=(Multiplier("coffee", Decimal(2), when), lund))
    EarningRuleFactory(programme=programme, terms=dump(terms), published=True)
    return buy(
        vera,
        store,
        line("50.00", name="Bryggkaffe", article_group="Kaffe"),
        line("10.00", name="Kopp"),
        line("30.00", name="Presentkort", article_group="Presentkort"),
        now=NOW,
    )


class TestReceiptPage:
    def test_says_why_each_line_gave_its_points(self, desk_client, olga, vera, bought):
        client = desk_client(olga)
        client.cookies["language"] = "en"

        page = client.get(f"/members/{vera.public_id}/purchases/{bought.public_id}/")

        text = " ".join(page.content.decode().replace("\xa0", " ").split())
        assert "2 points per krona: double points on kaffe and Fika" in text
        assert "1 point per krona" in text
        assert "Gives no points" in text
        assert "worth 11 kr" in text
        assert "It holds only in our web shop" in text

    def test_is_linked_from_the_members_page(self, desk_client, olga, vera, bought):
        address = f"/members/{vera.public_id}/purchases/"

        panel = desk_client(olga).get(address).content.decode()

        assert f'href="{address}{bought.public_id}/"' in panel

    def test_belongs_to_its_member(self, desk_client, olga, programme, bought):
        other = MemberFactory(programme=programme)

        answer = desk_client(olga).get(
            f"/members/{other.public_id}/purchases/{bought.public_id}/"
        )

        assert answer.status_code == 404


class TestReasons:
    def test_of_a_first_purchase_go_by_what_came_in_first(self, programme, store, vera):
        """Offline yesterday, in today: the one that came in before it was the first."""
        first = Multiplier("first", Decimal(3), When(first_purchase=True))
        EarningRuleFactory(
            programme=programme,
            terms=dump(Terms(multipliers=(first,))),
            published=True,
        )
        was_first = buy(vera, store, line("50.00"), now=NOW)
        Register(programme, phone=vera.phone).sell(
            sent("50.00"),
            at=NOW - timedelta(days=1),
            now=NOW + timedelta(minutes=1),
            storeExternalId=store.code,
        )
        late = Receipt.objects.latest("pk")
        assert (was_first.points, late.points) == (150, 50)

        with translation.override("en"):
            assert explain(was_first).missed == ()
            (missed,) = explain(late).missed

        assert "first" in missed.why

    def test_of_other_goods_go_by_what_the_line_got(self, programme, store, vera):
        """An article that is put among the coffees after it was bought."""
        coffee = Multiplier(
            "coffee", Decimal(2), When(goods=Goods(categories=("Kaffe",)))
        )
        EarningRuleFactory(
            programme=programme,
            terms=dump(Terms(multipliers=(coffee,))),
            published=True,
        )
        cup = line("50.00", name="Kopp")
        Product.objects.create(
            programme=programme, sku=cup.sku, name="Kopp", category="Porslin"
        )
        bought = buy(vera, store, cup, now=NOW)
        Product.objects.update(category="Kaffe")

        with translation.override("en"):
            (missed,) = explain(bought).missed
            said = reasons.why_not(
                Why.GOODS,
                coffee,
                currency="SEK",
                names=names_for(value_of(bought.rule), programme_id=programme.pk),
            )

        assert missed.why == said


class TestNames:
    def test_of_articles_come_from_the_catalogue(
        self, programme, django_assert_num_queries
    ):
        Product.objects.create(programme=programme, sku="4711", name="Fika Brygg")
        when = When(goods=Goods(skus=("4711", "0000")))
        row = EarningRuleFactory(
            programme=programme,
            terms=dump(Terms(multipliers=(Multiplier("m", Decimal(2), when),))),
        )
        rule = value_of(row)

        # The rule names no store, so none is asked for.
        with django_assert_num_queries(1):
            names = names_for(rule, programme_id=programme.pk)

        with translation.override("en"):
            said = of_version(rule, currency=programme.currency, names=names)
        assert "Double points on Fika Brygg and article 0000." in map(str, said)
