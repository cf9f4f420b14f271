"""The test basket: points line by line with reasons, for two versions side by side."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse

from points.programme import drafts
from points.programme.drafts import content_of
from points.terms import Birthday, Goods, Multiplier, When
from tests.points.programme.versions import TERMS

pytestmark = pytest.mark.django_db

COFFEE = Multiplier(
    "kaffe",
    Decimal(2),
    When(
        goods=Goods(categories=("Kaffe",)),
        weekdays=(6, 7),
        tiers=("guld",),
    ),
)
SATURDAY, MONDAY = "2026-11-28T11:00", "2026-11-30T11:00"


@pytest.fixture
def draft(programme, store, mia, now, in_force):
    draft = drafts.create_draft(programme=programme, staff=mia, now=now)
    content = content_of(draft)
    terms = replace(content.terms, multipliers=(COFFEE,), ladder=TERMS.ladder)
    return drafts.change_draft(
        draft=draft, content=replace(content, terms=terms), staff=mia, now=now
    )


@pytest.fixture
def attempt(desk, draft, coffee):
    def ask(*lines, at=SATURDAY, tier="guld", **more):
        data = {
            "store": "1",
            "at": at,
            "tier": tier,
            "birthday": "",
            "lines-TOTAL_FORMS": len(lines),
            "lines-INITIAL_FORMS": 0,
        }
        for place, (article, price, *rest) in enumerate(lines):
            values = {"quantity": 1, "discount": "", "vat": "25", **dict(*rest)}
            values |= {"article": article, "price": price}
            data |= {f"lines-{place}-{name}": each for name, each in values.items()}
        return desk.get(
            reverse("points:basket", args=[draft.public_id]), {**data, **more}
        )

    return ask


def points_of(page):
    return [each.points for each in page.context["tried"]]


class TestBasket:
    def test_gives_double_on_coffee_for_gold_on_a_saturday(self, attempt):
        page = attempt(("Bryggkaffe 500 g (7310)", "79,90"), ("Kopp", "120"))

        assert points_of(page) == [279, 199]
        coffee, cup = page.context["tried"][0].lines
        assert (coffee.name, coffee.points) == ("Bryggkaffe 500 g", "159.8")
        assert len(coffee.counts) == 1
        assert [each.sentence for each in cup.misses] == [coffee.counts[0].sentence]
        html = page.content.decode()
        assert "2 times the points" in html

    @pytest.mark.parametrize(
        "asked",
        [{"at": MONDAY}, {"tier": "silver"}],
        ids=["on a Monday", "for Silver"],
    )
    def test_says_why_it_does_not_count(self, attempt, asked):
        page = attempt(("7310", "79,90"), **asked)

        (line,) = page.context["tried"][0].lines
        assert points_of(page) == [79, 79]
        assert line.counts == []
        assert line.misses[0].why_not

    def test_finds_an_article_by_its_number_or_a_part_of_its_name(self, attempt):
        for typed in ("7310", "bryggkaffe", "Bryggkaffe 500 g (7310)"):
            page = attempt((typed, "10"))

            assert page.context["tried"][0].lines[0].name == "Bryggkaffe 500 g"

    def test_counts_numbers_and_discounts(self, attempt):
        page = attempt(("Kopp", "100", {"quantity": 3, "discount": "50"}))

        assert points_of(page) == [250, 250]

    def test_counts_what_a_voucher_pays_as_a_discount(self, attempt):
        by_voucher = attempt(("Kopp", "100"), ("Kopp", "200"), voucher="60")
        as_discount = attempt(
            ("Kopp", "100", {"discount": "20"}), ("Kopp", "200", {"discount": "40"})
        )

        assert points_of(by_voucher) == points_of(as_discount) == [240, 240]

    def test_refuses_a_discount_above_the_price_and_keeps_what_was_typed(self, attempt):
        page = attempt(("Kopp", "100", {"discount": "150"}))

        assert page.status_code == 422
        assert 'value="150"' in page.content.decode()

    def test_asks_what_goods_cost(self, attempt):
        page = attempt(("Kopp", ""))

        assert page.status_code == 422
        assert 'href="#id_lines-0-price"' in page.content.decode()

    def test_gives_one_more_line_without_scripts(self, attempt):
        page = attempt(("Kopp", "100"), do="add").content.decode()

        assert 'name="lines-1-price"' in page
        assert 'value="Kopp"' in page

    def test_answers_htmx_with_the_outcome_alone(self, attempt, desk, draft):
        assert "<html" in attempt(("Kopp", "100")).content.decode()
        part = desk.get(
            reverse("points:basket", args=[draft.public_id]),
            {
                "store": "1",
                "at": SATURDAY,
                "lines-TOTAL_FORMS": 0,
                "tier": "guld",
                "birthday": "",
            },
            headers={"HX-Request": "true"},
        )
        assert "<html" not in part.content.decode()

    @pytest.mark.parametrize("broken", ["-1", "x", "9999999", ""], ids=repr)
    def test_stands_with_an_address_that_somebody_bent(self, attempt, broken):
        page = attempt(("Kopp", "100"), **{"lines-TOTAL_FORMS": broken})

        assert page.status_code in {200, 422}

    def test_stands_empty(self, desk, draft):
        page = desk.get(reverse("points:basket", args=[draft.public_id]))

        assert page.status_code == 200
        assert page.context["tried"] == []

    @pytest.mark.parametrize("birthday", ["day", "week", "month"])
    def test_lets_a_birthday_be_near(self, attempt, draft, mia, now, birthday):
        content = content_of(draft)
        party = Multiplier("fest", Decimal(5), When(birthday=Birthday(birthday)))
        drafts.change_draft(
            draft=draft,
            content=replace(
                content, terms=replace(content.terms, multipliers=(party,))
            ),
            staff=mia,
            now=now,
        )

        for at in (SATURDAY, "2028-02-29T10:00", "2027-01-01T10:00"):
            page = attempt(("Kopp", "100"), at=at, birthday=birthday)

            assert points_of(page) == [500, 100], at

    def test_suggests_articles(self, desk, coffee):
        part = desk.get(
            reverse("points:articles-panel"),
            {"lines-0-article": "brygg"},
            headers={"HX-Request": "true"},
        )

        assert 'value="Bryggkaffe 500 g (7310)"' in part.content.decode()

    def test_asks_few_questions_however_many_lines(
        self, attempt, django_assert_max_num_queries
    ):
        attempt(("Kopp", "1"))

        with django_assert_max_num_queries(24):
            attempt(*[("7310", "10")] * 3)
