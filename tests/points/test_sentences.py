"""Every rule is said in one plain sentence, or refused."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from random import Random

import pytest
from django.utils import translation

from points import worth
from points.programme import engine
from points.programme.engine import Line
from points.programme.sentences import (
    Kind,
    Names,
    Place,
    Unsayable,
    faults_of,
    of_version,
    what_can_be_said,
)
from points.programme.sentences.earning import of_base
from points.terms import (
    Action,
    Birthday,
    Discounts,
    ExpiryKind,
    Goods,
    Ladder,
    Measure,
    Money,
    Multiplier,
    Per,
    ReturnPolicy,
    Stacking,
    Tax,
    Terms,
    Tier,
    VoucherMode,
    Vouchers,
    VoucherStep,
    When,
    Window,
)
from tests.points import baskets
from tests.points.test_rules import rule
from tests.points.test_words import LANGUAGES, numbers_in

NAMES = Names(
    stores={
        "1": Place("Kungsgatan"),
        "2": Place("Torget"),
        "W": Place("Webbutiken", "WEB"),
    },
    articles={"77": "Fika Brygg"},
)


def tiers(*needs):
    return tuple(
        Tier(key, {"en": name, "sv": name, "da": name}, Decimal(need))
        for (key, name), need in zip(
            (("base", "Basic"), ("silver", "Silver"), ("gold", "Gold")),
            needs,
            strict=False,
        )
    )


LADDER = Ladder(tiers=tiers(0, 5000, 15000))


def said(kind, *, names=NAMES, language="en", columns=None, **terms):
    """Return what a version with these terms says about one thing."""
    made = rule(**(columns or {}), terms=Terms(**{"ladder": LADDER, **terms}))
    with translation.override(language):
        found = of_version(made, currency="SEK", names=names)
        return [
            sentence.text.replace("\u00a0", " ")
            for sentence in found
            if sentence.kind == kind
        ]


def multiplied(factor="2", **when):
    (text,) = said(
        Kind.MULTIPLIER,
        multipliers=(Multiplier("m", Decimal(factor), When(**when)),),
    )
    return text


class TestMultiplier:
    @pytest.mark.parametrize(
        ("factor", "when", "text"),
        [
            (
                "2",
                {"goods": Goods(("Kaffe",)), "weekdays": (6, 7), "tiers": ("gold",)},
                "Double points on kaffe at weekends for Gold.",
            ),
            (
                "3",
                {"birthday": Birthday.WEEK},
                "In the week of your birthday you get triple points.",
            ),
            (
                "2",
                {"birthday": Birthday.DAY},
                "On your birthday you get double points.",
            ),
            (
                "2",
                {"first_purchase": True},
                "On your first purchase you get double points.",
            ),
            (
                "1.5",
                {"birthday": Birthday.MONTH, "tiers": ("silver", "gold")},
                "1.5 times the points in the month of your birthday for Silver and "
                "Gold.",
            ),
            (
                "5",
                {"first_purchase": True, "channels": ("WEB",)},
                "5 times the points on your first purchase in our web shop.",
            ),
            ("2", {}, "Double points on everything you buy."),
            ("0.5", {"goods": Goods(brands=("Morän",))}, "Half the points on Morän."),
            ("0.75", {}, "75 % of the points on everything you buy."),
            (
                "2",
                {"weekdays": (1, 2, 3, 4, 5), "hours": (time(7), time(10))},
                "Double points on weekdays between 07:00 and 10:00.",
            ),
            ("2", {"weekdays": (3, 1)}, "Double points on Mondays and Wednesdays."),
            ("2", {"weekdays": (2, 3, 4)}, "Double points Tuesday to Thursday."),
            ("2", {"weekdays": tuple(range(1, 8)), "stores": ("1",)}, None),
            (
                "2",
                {"stores": ("1", "2")},
                "Double points in the stores Kungsgatan and Torget.",
            ),
            ("2", {"stores": ("W",)}, "Double points in our web shop."),
            (
                "2",
                {"stores": ("1", "W")},
                "Double points in the store Kungsgatan and in our web shop.",
            ),
            (
                "2",
                {"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 31)},
                "Double points during 1–31 December 2026.",
            ),
            (
                "2",
                {"starts_on": date(2026, 11, 28), "ends_on": date(2027, 1, 6)},
                "Double points from 28 November 2026 up to and including 6 January "
                "2027.",
            ),
            (
                "2",
                {"starts_on": date(2026, 12, 24), "ends_on": date(2026, 12, 24)},
                "Double points on 24 December 2026.",
            ),
            ("2", {"hours": (time(0), time(10))}, "Double points before 10:00."),
            (
                "2",
                {"hours": (time(22), time(0)), "weekdays": (6,)},
                "Double points on Saturdays from 22:00 until midnight.",
            ),
            (
                "10",
                {
                    "goods": Goods(skus=("77",), categories=("Jackor", "Barn & baby")),
                    "least_total": Decimal("249.50"),
                },
                "10 times the points on jackor, barn & baby and Fika Brygg when you "
                "buy for at least 249.50 kr.",
            ),
            (
                "2.25",
                {
                    "goods": Goods(("Kaffe", "LED")),
                    "weekdays": (6,),
                    "hours": (time(18), time(22)),
                    "tiers": ("gold",),
                    "stores": ("1",),
                    "least_total": Decimal(1000),
                },
                "2.25 times the points on kaffe and LED for Gold. This holds on "
                "Saturdays between 18:00 and 22:00 in the store Kungsgatan when you "
                "buy for at least 1 000 kr.",
            ),
        ],
    )
    def test_is_said_as_people_say_it(self, factor, when, text):
        expected = text or "Double points in the store Kungsgatan."

        assert multiplied(factor, **when) == expected

    @pytest.mark.parametrize(
        ("factor", "when", "reason"),
        [
            ("0", {}, "No points at all"),
            ("-2", {}, "No points at all"),
            ("1", {}, "changes nothing"),
            ("1.005", {}, "two decimals"),
            ("1000", {}, "cannot be meant"),
            ("2", {"stores": ("9",)}, "no store with the code 9"),
            ("2", {"tiers": ("platinum",)}, "no level platinum"),
            ("2", {"channels": ("FAX",)}, "no channel FAX"),
            ("2", {"weekdays": (0,)}, "seven days"),
            ("2", {"hours": (time(7), time(7))}, "same time"),
            ("2", {"hours": (time(7), time(8, 0, 30))}, "whole minutes"),
            ("2", {"hours": (time(22), time(2)), "weekdays": (6,)}, "two days"),
            (
                "2",
                {"hours": (time(22), time(2)), "birthday": Birthday.DAY},
                "two days",
            ),
            (
                "2",
                {"starts_on": date(2026, 12, 2), "ends_on": date(2026, 12, 1)},
                "before it begins",
            ),
            (
                "2",
                {
                    # Tuesday and Wednesday.
                    "starts_on": date(2026, 12, 1),
                    "ends_on": date(2026, 12, 2),
                    "weekdays": (6, 7),
                },
                "None of those days",
            ),
            ("2", {"stores": ("1",), "channels": ("WEB",)}, "that channel"),
            ("2", {"least_total": Decimal(0)}, "more than nothing"),
            ("2", {"least_total": Decimal("0.001")}, "two decimals"),
            ("2", {"goods": Goods(("",))}, "no name"),
            ("2", {"goods": Goods(("Present-kort",))}, "would never count"),
            ("2", {"goods": Goods(("tobak",))}, "would never count"),
            ("2", {"goods": Goods(brands=("Snus",))}, "would never count"),
        ],
    )
    def test_is_refused_when_no_words_fit_or_it_never_counts(
        self, factor, when, reason
    ):
        made = rule(
            excluded_groups=frozenset({"Tobak"}),
            terms=Terms(
                excluded=Goods(brands=("Snus",)),
                ladder=LADDER,
                multipliers=(Multiplier("m", Decimal(factor), When(**when)),),
            ),
        )

        with translation.override("en"), pytest.raises(Unsayable) as refused:
            of_version(made, currency="SEK", names=NAMES)

        assert reason in refused.value.message
        assert (refused.value.kind, refused.value.key) == (Kind.MULTIPLIER, "m")

    def test_names_no_currency_for_an_amount_that_holds_in_several(self):
        (text,) = said(
            Kind.MULTIPLIER,
            currencies={"EUR": Money(Decimal(10), Decimal("0.01"))},
            multipliers=(Multiplier("m", Decimal(2), When(least_total=Decimal(500))),),
        )

        assert text == (
            "Double points when you buy for at least 500 in the currency of the "
            "purchase."
        )

    def test_cannot_take_points_away_where_factors_are_added(self):
        half = Multiplier("m", Decimal("0.5"), When(goods=Goods(("Kaffe",))))

        with translation.override("en"), pytest.raises(Unsayable, match="added up"):
            said(Kind.MULTIPLIER, stacking=Stacking.ADD, multipliers=(half,))

    def test_has_one_key_for_itself(self):
        twice = (Multiplier("m", Decimal(2)), Multiplier("m", Decimal(3)))

        with translation.override("en"), pytest.raises(Unsayable, match="same key"):
            said(Kind.MULTIPLIER, multipliers=twice)


class TestVersion:
    def test_says_a_whole_club(self):
        gold = Tier(
            "gold",
            {"en": "Gold"},
            Decimal(15000),
            Decimal(12000),
            ({"en": "Free delivery"}, {"en": "Early access to sales."}),
        )
        made = rule(
            excluded_groups=frozenset({"Tobak"}),
            terms=Terms(
                stacking=Stacking.ADD,
                multipliers=(
                    Multiplier("a", Decimal(2), When(goods=Goods(("Kaffe",)))),
                    Multiplier("b", Decimal(3), When(weekdays=(6, 7))),
                ),
                actions=(
                    Action("done", "member.activated", 100),
                    Action("club", "custom.book_club", 50, Per.WEEK, 2),
                ),
                pending_days=14,
                vouchers=Vouchers(
                    VoucherMode.AUTOMATIC,
                    (
                        VoucherStep(1000, Decimal(120), needs_purchase=False),
                        VoucherStep(500, Decimal(50)),
                    ),
                ),
                ladder=replace(LADDER, tiers=(LADDER.tiers[0], gold)),
                currencies={"DKK": Money(Decimal("1.5"), Decimal("0.07"))},
            ),
        )

        with translation.override("en"):
            found = of_version(made, currency="SEK", names=NAMES)

        assert [str(each).replace("\u00a0", " ") for each in found] == [
            "You get 1 point per krona.",
            "You get 1.5 points per Danish krone. In DKK a point is worth 7 øre.",
            "Points are counted on what you pay, with VAT and after discounts. What a "
            "voucher pays gives no points.",
            "Gift cards and tobak give no points.",
            "The points of a purchase are rounded down.",
            "Double points on kaffe.",
            "Triple points at weekends.",
            "If several of these fit the same item, they are added up: double and "
            "triple points make 4 times the points.",
            "100 points when you finish your registration, once.",
            "50 points when we note “book club”, at most 2 times a week.",
            "You can use your points 14 days after the purchase.",
            "1 point is worth 10–12 öre.",
            "500 points become a 50 kr voucher.",
            "1 000 points become a 120 kr voucher.",
            "You get the voucher as soon as you have the points.",
            "A voucher is valid for 90 days.",
            "A voucher lowers the price when you buy something. For a voucher of "
            "120 kr you can get goods without buying.",
            "Everybody begins at Basic.",
            "You reach Gold when you buy for 15 000 kr within 12 months. To keep Gold "
            "it takes purchases for 12 000 kr within 12 months. At Gold you get free "
            "delivery and early access to sales.",
            "A level lasts 12 months. If you have not reached it again by then, you "
            "go one step down 30 days later.",
            "Points expire when the month 24 months after the purchase ends.",
            "When you return something, its points are taken back. If you have used "
            "them, you go below zero, and your next purchases fill them up.",
        ]

    @pytest.mark.parametrize(
        ("terms", "columns", "reason"),
        [
            ({"pending_days": -1}, {}, "no day"),
            ({"returns": ReturnPolicy.PENDING}, {}, "used at once"),
            ({"expiry": ExpiryKind.FIXED, "expiry_day": (2, 29)}, {}, "every year"),
            ({"expiry": ExpiryKind.FIXED, "expiry_day": (4, 31)}, {}, "every year"),
            ({"expiry": ExpiryKind.FIXED, "expiry_years": -1}, {}, "no year"),
            (
                {"expiry": ExpiryKind.INACTIVITY},
                {"expires_after_months": None},
                "how many months",
            ),
            ({}, {"expires_after_months": 0}, "at least one month"),
            ({"actions": (Action("a", "x.unknown", 5),)}, {}, "x.unknown"),
            ({"actions": (Action("a", "custom.", 5),)}, {}, "in words"),
            ({"actions": (Action("a", "member.activated", 0),)}, {}, "one point"),
            (
                {"actions": (Action("a", "member.activated", 1, Per.DAY, 0),)},
                {},
                "at least once",
            ),
            ({"vouchers": Vouchers(valid_days=0)}, {}, "at least one day"),
            (
                {"vouchers": Vouchers(steps=(VoucherStep(0, Decimal(5)),))},
                {},
                "points and a value",
            ),
            (
                {
                    "vouchers": Vouchers(
                        steps=(
                            VoucherStep(500, Decimal(50)),
                            VoucherStep(600, Decimal(50)),
                        )
                    )
                },
                {},
                "larger voucher",
            ),
            (
                {"vouchers": Vouchers(steps=(VoucherStep(500, Decimal(100)),))},
                {},
                "does not fit the vouchers: they make it 20",
            ),
            ({"ladder": Ladder()}, {}, "no levels"),
            ({"ladder": Ladder(tiers=tiers(100, 200))}, {}, "need nothing"),
            ({"ladder": Ladder(tiers=tiers(0, 200, 200))}, {}, "more than the one"),
            ({"ladder": Ladder(tiers=(Tier("a", {}, Decimal(0)),))}, {}, "no name"),
            (
                {"ladder": Ladder(Measure.VISITS, tiers=tiers(0, "2.5"))},
                {},
                "whole ones",
            ),
            (
                {"currencies": {"SEK": Money(Decimal(1), Decimal(1))}},
                {},
                "own currency",
            ),
            ({"currencies": {"EUR": Money(Decimal(0), Decimal(1))}}, {}, "no points"),
            ({"currencies": {"EUR": Money(Decimal(1), Decimal(0))}}, {}, "nothing"),
        ],
    )
    def test_is_refused_where_a_rule_of_it_cannot_be_said(self, terms, columns, reason):
        made = rule(**columns, terms=Terms(**terms))

        with translation.override("en"):
            faults = faults_of(made, currency="SEK", names=NAMES)

        assert [reason in fault.message for fault in faults] == [True]

    def test_is_refused_in_a_language_that_lacks_a_benefit(self):
        only = Tier("base", {"sv": "Bas"}, Decimal(0), None, ({"sv": "Fri frakt"},))
        made = rule(terms=Terms(ladder=Ladder(tiers=(only,))))

        with translation.override("sv"):
            assert faults_of(made, currency="SEK", names=NAMES) == []
        with translation.override("da"), pytest.raises(Unsayable):
            of_version(made, currency="SEK", names=NAMES)

    def test_leaves_out_what_has_lost_its_words_since_it_was_published(self):
        made = rule(
            terms=Terms(
                multipliers=(
                    Multiplier("gone", Decimal(2), When(stores=("9",))),
                    Multiplier("kept", Decimal(3), When(stores=("1",))),
                )
            )
        )

        with translation.override("en"):
            found = what_can_be_said(made, currency="SEK", names=NAMES)

        keys = [each.facts.get("key") for each in found]
        assert "kept" in keys
        assert "gone" not in keys

    def test_names_goods_that_are_a_list_themselves_apart(self):
        goods = Goods(("Kaffe", "Te and kakao", "Socker"))

        assert multiplied(goods=goods) == (
            "Double points on kaffe, te and kakao as well as socker."
        )


class TestBase:
    @pytest.mark.parametrize("discounts", list(Discounts))
    @pytest.mark.parametrize("tax", list(Tax))
    def test_says_of_vouchers_what_the_engine_does(self, tax, discounts):
        """100 kr, of which a voucher pays 40."""
        terms = Terms(tax=tax, discounts=discounts)
        line = Line(paid=Decimal(100), tax=Decimal(20))
        whole = engine.amount_of(line, terms)

        with translation.override("en"):
            said = of_base(terms)
        counted = engine.amount_of(engine.less_voucher(line, Decimal(40)), terms)

        assert said.facts["vouchers_earn"] is (counted == whole)
        assert ("What a voucher pays gives no points." in said.text) is (
            counted < whole
        )


class TestLadder:
    @pytest.mark.parametrize(
        ("measure", "window", "text"),
        [
            (Measure.POINTS, Window.ROLLING, "earn 5 000 points within 12 months"),
            (
                Measure.VISITS,
                Window.CALENDAR,
                "buy something 5 000 times within a calendar year",
            ),
            (
                Measure.ACTIONS,
                Window.MEMBERSHIP,
                "do 5 000 things that give points within a year of membership",
            ),
        ],
    )
    def test_says_what_is_counted_and_when(self, measure, window, text):
        ladder = Ladder(measure, window, tiers(0, 5000))

        _first, second = said(Kind.TIER, ladder=ladder)

        assert second == f"You reach Silver when you {text}."

    @pytest.mark.parametrize(
        ("days", "soft", "text"),
        [
            (0, True, "you go one step down."),
            (1, True, "you go one step down 1 day later."),
            (0, False, "you go to the level you have reached."),
            (9, False, "you go to the level you have reached 9 days later."),
        ],
    )
    def test_says_how_a_level_is_lost(self, days, soft, text):
        ladder = replace(LADDER, grace_days=days, soft_landing=soft)

        (sentence,) = said(Kind.LADDER, ladder=ladder)

        assert sentence.endswith(text)


class TestWorth:
    def test_is_fixed_by_one_voucher_and_a_range_of_several(self):
        steps = (VoucherStep(500, Decimal(40)), VoucherStep(1000, Decimal(100)))
        several = rule(terms=Terms(vouchers=Vouchers(steps=steps)))

        assert worth.of(rule()) == worth.Worth(Decimal("0.1"), Decimal("0.1"))
        assert worth.of(several) == worth.Worth(Decimal("0.08"), Decimal("0.1"))


# What is said in words in English and the other languages alike.
_AS_WORDS = {Decimal(2), Decimal(3), Decimal("0.5")}


@pytest.mark.parametrize("language", LANGUAGES)
class TestNumbers:
    """The numbers are read back out of the sentences of random versions."""

    def test_are_those_of_the_facts(self, language):
        random = Random(7)
        with translation.override(language):
            for _number in range(60):
                _made, sentences = baskets.version(random)
                for sentence in sentences:
                    read = numbers_in(without_clock(sentence.text))
                    assert read == expected_of(sentence), sentence

    def test_are_written_as_the_language_does(self, language):
        made = rule(
            rate="1234.5",
            reward_points=12500,
            terms=Terms(ladder=LADDER),
        )
        with translation.override(language):
            found = of_version(made, currency="SEK", names=NAMES)
            written = " ".join(each.text for each in found)

        mark, group = {"sv": (",", "\u00a0"), "da": (",", "."), "en": (".", "\u00a0")}[
            language
        ]
        assert f"1{group}234{mark}5" in written
        assert f"12{group}500" in written
        assert f"15{group}000" in written


def without_clock(text):
    """Write 07:30 as 0730, which is one number."""
    return text.replace(":", "")


EXPECTED = {
    Kind.EARNING: lambda facts: [facts["points"]],
    Kind.CURRENCY: lambda facts: [facts["points"], facts["point_value"] * 100],
    Kind.MULTIPLIER: lambda facts: list(multiplier_numbers(facts)),
    Kind.STACKING: lambda facts: [facts[each] for each in facts if each != "stacking"],
    Kind.WORTH: lambda facts: [1, facts["least"] * 100],
    Kind.STEP: lambda facts: [facts["points"], facts["value"]],
    Kind.VOUCHER: lambda facts: [facts["days"]] if "days" in facts else [],
    Kind.TIER: lambda facts: [facts["needs"], 12] if facts["needs"] else [],
    Kind.LADDER: lambda facts: [12, facts["grace_days"]],
    Kind.EXPIRY: lambda facts: [facts["months"]],
    Kind.PENDING: lambda facts: [facts["days"]] if facts["days"] else [],
}


def expected_of(sentence):
    """Return the numbers that a sentence must hold, in its order, from its facts."""
    return EXPECTED.get(sentence.kind, lambda _facts: [])(sentence.facts)


def multiplier_numbers(facts):
    times = facts["times"]
    if times not in _AS_WORDS:
        yield times if times > 1 else times * 100
    if facts["hours"]:
        yield from (
            Decimal(each.hour * 100 + each.minute)
            for each in facts["hours"]
            if each != time()
        )
    yield from period_numbers(facts["first_day"], facts["last_day"])
    if facts["least_total"] is not None:
        yield facts["least_total"]


def period_numbers(first, last):
    if first and last and first != last:
        yield first.day
        if first.year != last.year:
            yield first.year
        yield from (last.day, last.year)
    elif first or last:
        yield from ((first or last).day, (first or last).year)
