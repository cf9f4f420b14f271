"""In what a version is worse; every single thing is named, and nothing for nothing."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points.programme.comparing import Worse, worsenings
from points.rules import EarningRule
from points.terms import (
    Birthday,
    Discounts,
    ExpiryKind,
    Goods,
    Measure,
    Money,
    Multiplier,
    Per,
    ReturnPolicy,
    Rounding,
    Stacking,
    Tax,
    VoucherMode,
    VoucherStep,
    When,
    Window,
)
from tests.points.programme.versions import (
    COFFEE,
    EVENING,
    TERMS,
    VERSION,
    tier,
    with_ladder,
    with_multiplier,
    with_terms,
    with_vouchers,
)


def action(**changes):
    return with_terms(actions=(replace(TERMS.actions[0], **changes),))


def fixed(day=(12, 31), years=1):
    return with_terms(expiry=ExpiryKind.FIXED, expiry_day=day, expiry_years=years)


# The version before, the one after, and what is worse in it.
SINGLE = {
    "rate": (VERSION, replace(VERSION, points_per_unit=Decimal("0.5")), Worse.RATE),
    "VAT": (VERSION, with_terms(tax=Tax.WITHOUT), Worse.TAX),
    "discounts": (
        with_terms(discounts=Discounts.BEFORE),
        VERSION,
        Worse.DISCOUNTS,
    ),
    "rounding": (with_terms(rounding=Rounding.UP), VERSION, Worse.ROUNDING),
    "a group without points": (
        VERSION,
        replace(VERSION, excluded_groups=frozenset({"Tobak", "Öl"})),
        Worse.EXCLUDED,
    ),
    "a brand without points": (
        VERSION,
        with_terms(excluded=Goods(brands=("Fjäll",))),
        Worse.EXCLUDED,
    ),
    "an article without points": (
        VERSION,
        with_terms(excluded=Goods(skus=("A-1",))),
        Worse.EXCLUDED,
    ),
    "stacking": (with_terms(stacking=Stacking.ADD), VERSION, Worse.STACKING),
    "multiplier lost": (
        VERSION,
        with_terms(multipliers=(EVENING,)),
        Worse.MULTIPLIER_LOST,
    ),
    "factor": (
        VERSION,
        with_terms(multipliers=(replace(COFFEE, factor=Decimal("1.5")), EVENING)),
        Worse.MULTIPLIER_LOWER,
    ),
    "half points": (
        VERSION,
        with_terms(
            multipliers=(
                *TERMS.multipliers,
                Multiplier("rea", Decimal("0.5"), When(weekdays=(1,))),
            )
        ),
        Worse.MULTIPLIER_LOWERS,
    ),
    "action lost": (VERSION, with_terms(actions=()), Worse.ACTION_LOST),
    "action's points": (VERSION, action(points=50), Worse.ACTION_LOWER),
    "action's period": (action(per=Per.MONTH), VERSION, Worse.ACTION_RARER),
    "action's times": (
        action(per=Per.DAY, times=3),
        action(per=Per.DAY, times=2),
        Worse.ACTION_RARER,
    ),
    "currency lost": (VERSION, with_terms(currencies={}), Worse.CURRENCY_LOST),
    "currency's rate": (
        VERSION,
        with_terms(currencies={"DKK": Money(Decimal(1), Decimal("0.07"))}),
        Worse.CURRENCY_RATE,
    ),
    "currency's worth": (
        VERSION,
        with_terms(currencies={"DKK": Money(Decimal("1.5"), Decimal("0.06"))}),
        Worse.CURRENCY_WORTH,
    ),
    "waiting": (VERSION, with_terms(pending_days=14), Worse.WAITING),
    "shorter": (VERSION, replace(VERSION, expires_after_months=12), Worse.EXPIRY),
    "no longer for ever": (
        replace(VERSION, expires_after_months=None),
        VERSION,
        Worse.EXPIRY,
    ),
    "fewer years": (fixed(years=2), fixed(years=1), Worse.EXPIRY),
    "an earlier day": (fixed((12, 31)), fixed((6, 30)), Worse.EXPIRY),
    "a fixed day": (VERSION, fixed(), Worse.EXPIRY_KIND),
    "not kept by purchases": (
        with_terms(expiry=ExpiryKind.INACTIVITY),
        replace(VERSION, expires_after_months=None),
        Worse.NO_LONGER_KEPT,
    ),
    "returns": (with_terms(returns=ReturnPolicy.BALANCE), VERSION, Worse.RETURNS),
    "worth": (VERSION, replace(VERSION, point_value=Decimal("0.09")), Worse.WORTH),
    "a dearer voucher": (
        VERSION,
        with_vouchers(
            steps=(VoucherStep(500, Decimal(45)), VoucherStep(1000, Decimal(110)))
        ),
        Worse.VOUCHER,
    ),
    "a voucher for something bought": (
        with_vouchers(
            steps=(
                VoucherStep(500, Decimal(50), needs_purchase=False),
                VoucherStep(1000, Decimal(110)),
            )
        ),
        VERSION,
        Worse.VOUCHER,
    ),
    "voucher's days": (VERSION, with_vouchers(valid_days=60), Worse.VOUCHER_DAYS),
    "voucher's grace": (VERSION, with_vouchers(grace_days=0), Worse.VOUCHER_GRACE),
    "valid again": (VERSION, with_vouchers(reactivations=0), Worse.VOUCHER_AGAIN),
    "by itself": (
        VERSION,
        with_vouchers(mode=VoucherMode.AUTOMATIC),
        Worse.VOUCHER_MODE,
    ),
    "no ladder": (VERSION, with_terms(ladder=None), Worse.LADDER_LOST),
    "measure": (VERSION, with_ladder(measure=Measure.VISITS), Worse.LADDER_MEASURE),
    "window": (VERSION, with_ladder(window=Window.CALENDAR), Worse.LADDER_WINDOW),
    "ladder's grace": (VERSION, with_ladder(grace_days=0), Worse.LADDER_GRACE),
    "landing": (VERSION, with_ladder(soft_landing=False), Worse.LADDER_LANDING),
    "tier lost": (
        VERSION,
        with_ladder(tiers=TERMS.ladder.tiers[:2]),
        Worse.TIER_LOST,
    ),
    "threshold": (
        VERSION,
        with_ladder(
            tiers=(*TERMS.ladder.tiers[:2], tier("guld", 9500, "Fri frakt", keeps=9000))
        ),
        Worse.TIER_NEEDS,
    ),
    "to stay": (
        with_ladder(
            tiers=(*TERMS.ladder.tiers[:2], tier("guld", 9000, "Fri frakt", keeps=5000))
        ),
        VERSION,
        Worse.TIER_KEEPS,
    ),
    "benefit": (
        VERSION,
        with_ladder(tiers=(*TERMS.ladder.tiers[:2], tier("guld", 9000))),
        Worse.TIER_BENEFIT,
    ),
}
NARROWER = {
    "goods": {"goods": Goods(skus=("4711",))},
    "stores": {"stores": ("1",)},
    "channels": {"channels": ("SHOP",)},
    "weekdays": {"weekdays": (6,)},
    "hours": {"hours": (time(9), time(12))},
    "tiers": {"tiers": ("brons",)},
    "first purchase": {"first_purchase": True},
    "birthday": {"birthday": Birthday.DAY},
    "begins": {"starts_on": date(2027, 6, 1)},
    "ends": {"ends_on": date(2027, 6, 1)},
    "least total": {"least_total": Decimal(1)},
}
WIDER = {
    "all goods": {"goods": Goods()},
    "tea too": {"goods": Goods(categories=("Kaffe", "Te"))},
    "every day": {"weekdays": ()},
    "Friday too": {"weekdays": (5, 6, 7)},
    "everybody": {"tiers": ()},
}


class TestWorsenings:
    @pytest.mark.parametrize("name", SINGLE)
    def test_names_each_single_thing_and_nothing_else(self, name):
        old, new, what = SINGLE[name]

        assert [each.what for each in worsenings(old, new)] == [what]

    @pytest.mark.parametrize("name", SINGLE)
    def test_names_nothing_when_it_is_taken_back(self, name):
        old, new, what = SINGLE[name]

        back = [each.what for each in worsenings(new, old)]

        # Another measure, window or way to expire is no clear gain either way.
        unclear = {
            Worse.LADDER_MEASURE,
            Worse.LADDER_WINDOW,
            Worse.EXPIRY_KIND,
            Worse.NO_LONGER_KEPT,
        }
        assert back == [] or what in unclear

    def test_names_all_of_them_at_once(self):
        assert set(Worse) - {what for _old, _new, what in SINGLE.values()} == {
            Worse.MULTIPLIER_NARROWER
        }

    @pytest.mark.parametrize("name", NARROWER)
    def test_names_a_multiplier_that_counts_less_often(self, name):
        found = worsenings(VERSION, with_multiplier(**NARROWER[name]))

        assert [(each.what, each.key) for each in found] == [
            (Worse.MULTIPLIER_NARROWER, "kaffe")
        ]

    @pytest.mark.parametrize("name", WIDER)
    def test_is_content_with_one_that_counts_more_often(self, name):
        assert worsenings(VERSION, with_multiplier(**WIDER[name])) == []

    def test_is_content_with_longer_hours_and_a_longer_period(self):
        longer = with_multiplier(
            EVENING, hours=(time(17), time(22)), ends_on=None, least_total=Decimal(50)
        )

        assert worsenings(VERSION, longer) == []

    def test_names_shorter_hours(self):
        shorter = with_multiplier(EVENING, hours=(time(18), time(20)))

        assert [each.key for each in worsenings(VERSION, shorter)] == ["kvall"]

    def test_lets_a_campaign_end_that_is_over(self):
        without = with_terms(multipliers=(COFFEE,))

        assert worsenings(VERSION, without, date(2028, 1, 1)) == []
        assert worsenings(VERSION, without, date(2027, 12, 31)) != []

    def test_knows_a_multiplier_again_by_what_it_does(self):
        renamed = with_terms(multipliers=(replace(COFFEE, key="fika"), EVENING))

        assert worsenings(VERSION, renamed) == []

    @pytest.mark.parametrize("stacking", [Stacking.ADD, Stacking.MULTIPLY])
    def test_names_one_of_two_that_counted_together(self, stacking):
        """Coffee at a weekend gave four times the points; then it gives two."""
        weekend = Multiplier("helg", Decimal(2), When(weekdays=(6, 7)))
        coffee = replace(weekend, key="kaffe", when=replace(COFFEE.when, ends_on=None))
        old = with_terms(multipliers=(weekend, coffee), stacking=stacking)

        lost = worsenings(old, with_terms(multipliers=(weekend,), stacking=stacking))
        renamed = with_terms(
            multipliers=(replace(coffee, key="a"), replace(weekend, key="b")),
            stacking=stacking,
        )

        assert [(each.what, each.key) for each in lost] == [
            (Worse.MULTIPLIER_LOST, "kaffe")
        ]
        assert worsenings(old, renamed) == []

    def test_is_content_with_one_for_two_where_the_best_alone_counts(self):
        weekend = Multiplier("helg", Decimal(2), When(weekdays=(6, 7)))
        coffee = replace(weekend, key="kaffe", when=COFFEE.when)
        old = with_terms(multipliers=(weekend, coffee), stacking=Stacking.BEST)
        new = with_terms(
            multipliers=(replace(weekend, when=When()),), stacking=Stacking.BEST
        )

        assert worsenings(old, new) == []

    @pytest.mark.parametrize("new", [VERSION, fixed()], ids=["rolling", "fixed"])
    def test_names_what_purchases_no_longer_keep(self, new):
        """What is there expires sooner than was said, and what is to come too."""
        found = worsenings(with_terms(expiry=ExpiryKind.INACTIVITY), new)

        assert [each.what for each in found] == [
            Worse.NO_LONGER_KEPT,
            Worse.EXPIRY_KIND,
        ]

    def test_is_content_when_months_are_counted_from_the_last_purchase(self):
        assert worsenings(VERSION, with_terms(expiry=ExpiryKind.INACTIVITY)) == []

    def test_does_not_mind_a_benefit_that_is_reworded_in_one_language(self):
        benefit = {"sv": "Fri frakt", "da": "Gratis fragt", "en": "Free delivery"}
        gold = replace(tier("guld", 9000), benefits=(benefit,))

        new = with_ladder(tiers=(*TERMS.ladder.tiers[:2], gold))

        assert worsenings(VERSION, new) == []

    @pytest.mark.parametrize(
        "what",
        [Worse.WORTH, Worse.VOUCHER, Worse.VOUCHER_DAYS],
        ids=lambda what: what.value,
    )
    def test_knows_what_touches_points_that_were_earned(self, what):
        old, new = next(
            (old, new) for old, new, worse in SINGLE.values() if worse is what
        )

        assert worsenings(old, new)[0].touches_earned


decimals = st.integers(1, 2000).map(lambda cents: Decimal(cents) / 100)
names = st.sampled_from([(), ("a",), ("A-b", "c"), ("c", "a", "presentkort")])
whens = st.builds(
    When,
    goods=st.builds(Goods, groups=names, categories=names, brands=names, skus=names),
    stores=names,
    channels=names,
    weekdays=st.sampled_from([(), (6, 7), (1, 2, 3), (5,)]),
    hours=st.none() | st.tuples(*[st.integers(0, 23).map(time)] * 2),
    tiers=names,
    first_purchase=st.booleans(),
    birthday=st.none() | st.sampled_from(Birthday),
    starts_on=st.none() | st.dates(),
    ends_on=st.none() | st.dates(),
    least_total=st.none() | decimals,
)
multipliers = st.lists(
    st.builds(Multiplier, key=st.sampled_from("abcd"), factor=decimals, when=whens),
    max_size=3,
    unique_by=lambda each: each.key,
).map(tuple)
versions = st.builds(
    EarningRule,
    id=st.just(1),
    version=st.just(1),
    points_per_unit=decimals,
    excluded_groups=names.map(frozenset),
    expires_after_months=st.none() | st.integers(1, 120),
    point_value=decimals,
    reward_points=st.integers(1, 1000),
    terms=st.builds(
        lambda found, stacking, expiry: replace(
            TERMS, multipliers=found, stacking=stacking, expiry=expiry
        ),
        multipliers,
        st.sampled_from(Stacking),
        st.sampled_from(ExpiryKind),
    ),
)


# Versions are large, and machines that run tests are slow.
LIGHTLY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


class TestAnyVersion:
    @LIGHTLY
    @given(versions)
    def test_is_not_worse_than_itself(self, version):
        assert worsenings(version, version) == []

    @LIGHTLY
    @given(versions, decimals)
    def test_is_worse_with_fewer_points_for_money(self, version, less):
        new = replace(version, points_per_unit=version.points_per_unit / (1 + less))

        assert [each.what for each in worsenings(version, new)] == [Worse.RATE]
