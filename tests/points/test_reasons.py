"""Why a line gave what it gave, and why a multiplier did not count."""

from datetime import date, time
from decimal import Decimal

import pytest
from django.utils import translation

from points.programme.engine import Why
from points.programme.reasons import why_not, why_nothing, why_so_much
from points.programme.sentences import Names, Place
from points.terms import (
    Birthday,
    Goods,
    Ladder,
    Multiplier,
    Terms,
    Tier,
    When,
)
from tests.points.test_rules import rule

NAMES = Names(
    stores={"1": Place("Kungsgatan"), "W": Place("Webbutiken", "WEB")},
    tiers={"gold": {"en": "Gold"}},
)
COFFEE = Multiplier(
    "coffee",
    Decimal(2),
    When(goods=Goods(("Kaffe",)), weekdays=(6, 7), tiers=("gold",)),
)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


class TestWhySoMuch:
    def test_names_the_rate_and_the_rules_that_made_it(self):
        gold = Tier("gold", {"en": "Gold"}, Decimal(0))
        club = rule(
            terms=Terms(
                ladder=Ladder(tiers=(gold,)),
                multipliers=(COFFEE, Multiplier("all", Decimal(3))),
            )
        )

        one = why_so_much(
            club,
            rate=Decimal("2.000000"),
            keys=["coffee"],
            currency="SEK",
            names=NAMES,
        )
        both = why_so_much(
            club, rate=Decimal(6), keys=["all", "coffee"], currency="SEK", names=NAMES
        )

        assert one == (
            "2 points per krona: double points on kaffe at weekends for Gold"
        )
        assert both.endswith("for Gold and triple points on everything you buy")

    def test_names_only_the_rate_without_any(self):
        said = why_so_much(
            rule(), rate=Decimal("10.000000"), keys=[], currency="SEK", names=NAMES
        )

        assert said == "10 points per krona"

    def test_says_how_many_times_where_the_names_are_gone(self):
        gone = Multiplier("gone", Decimal(2), When(stores=("9",)))

        said = why_so_much(
            rule(terms=Terms(multipliers=(gone,))),
            rate=Decimal(2),
            keys=["gone"],
            currency="SEK",
            names=NAMES,
        )

        assert said == "2 points per krona: double points"


class TestWhyNot:
    @pytest.mark.parametrize(
        ("why", "when", "text"),
        [
            (Why.STORE, {"stores": ("1",)}, "in the store Kungsgatan"),
            (Why.CHANNEL, {"channels": ("WEB",)}, "in our web shop"),
            (Why.GOODS, {"goods": Goods(("Kaffe",))}, "on kaffe"),
            (Why.WEEKDAY, {"weekdays": (6, 7)}, "at weekends"),
            (Why.HOUR, {"hours": (time(7), time(10))}, "between 07:00 and 10:00"),
            (Why.TIER, {"tiers": ("gold",)}, "for Gold"),
            (Why.NOT_FIRST, {"first_purchase": True}, "on your first purchase"),
            (Why.BIRTHDAY, {"birthday": Birthday.DAY}, "on your birthday"),
            (Why.PERIOD, {"starts_on": date(2026, 5, 1)}, "from 1 May 2026 on"),
            (
                Why.TOTAL,
                {"least_total": Decimal(500)},
                "when you buy for at least 500\u00a0kr",
            ),
        ],
    )
    def test_says_where_it_would_have_counted(self, why, when, text):
        each = Multiplier("m", Decimal(2), When(**when))

        said = why_not(why, each, currency="SEK", names=NAMES)

        assert said == f"It holds only {text}"

    def test_speaks_of_a_better_one_and_of_names_that_are_gone(self):
        gone = Multiplier("m", Decimal(2), When(stores=("9",)))

        assert why_not(Why.A_BETTER_ONE, gone, currency="SEK", names=NAMES) == (
            "Another one gave more"
        )
        assert why_not(Why.STORE, gone, currency="SEK", names=NAMES) == (
            "It does not hold here"
        )

    def test_has_words_for_every_reason(self):
        everything = Multiplier(
            "m",
            Decimal(2),
            When(
                goods=Goods(("Kaffe",)),
                stores=("1",),
                channels=("SHOP",),
                weekdays=(1,),
                hours=(time(7), time(10)),
                tiers=("gold",),
                first_purchase=True,
                birthday=Birthday.WEEK,
                starts_on=date(2026, 5, 1),
                least_total=Decimal(1),
            ),
        )

        said = [why_not(why, everything, currency="SEK", names=NAMES) for why in Why]

        assert all(said)
        assert not any(text.endswith("only ") for text in said)
        assert why_nothing(Why.GIFT_CARD) == "Gift cards give no points"
