"""Every check of a version, one by one; `VERSION` has nothing wrong."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from points.programme.checking import check, is_custom, is_key
from points.programme.faults import Facts, blocking
from points.programme.goods import Kind, Named
from points.terms import (
    Action,
    ExpiryKind,
    Goods,
    Ladder,
    Money,
    Multiplier,
    Per,
    ReturnPolicy,
    Stacking,
    VoucherStep,
    When,
)
from tests.points.programme.versions import (
    COFFEE,
    TERMS,
    VERSION,
    tier,
    with_ladder,
    with_multiplier,
    with_terms,
    with_vouchers,
)

FACTS = Facts(
    currency="SEK",
    stores=frozenset({"1", "2"}),
    channels=frozenset({"SHOP", "WEB"}),
    events=frozenset({"member.activated"}),
    starts_on=date(2027, 1, 1),
)


def factor(value):
    return with_terms(multipliers=(replace(COFFEE, factor=Decimal(value)),))


def action(**changes):
    return with_terms(actions=(replace(TERMS.actions[0], **changes),))


def steps(*pairs):
    return with_vouchers(
        steps=tuple(VoucherStep(points, Decimal(value)) for points, value in pairs)
    )


def tiers(*found):
    return with_ladder(tiers=found)


def money(code="DKK", rate="1.5", value="0.07"):
    return with_terms(currencies={code: Money(Decimal(rate), Decimal(value))})


FAULTS = {
    "no points": (replace(VERSION, points_per_unit=Decimal(0)), "/points_per_unit"),
    "too many": (replace(VERSION, points_per_unit=Decimal(101)), "/points_per_unit"),
    "worth nothing": (replace(VERSION, point_value=Decimal(0)), "/point_value"),
    "all back": (replace(VERSION, point_value=Decimal(1)), "/point_value"),
    "factor 0": (factor(0), "/multipliers/0/factor"),
    "factor below 0": (factor(-2), "/multipliers/0/factor"),
    "factor 21": (factor(21), "/multipliers/0/factor"),
    "factor 1": (factor(1), "/multipliers/0/factor"),
    "key twice": (with_terms(multipliers=(COFFEE, COFFEE)), "/multipliers/1/key"),
    "key of many words": (
        with_terms(multipliers=(replace(COFFEE, key="Kaffe på lördag"),)),
        "/multipliers/0/key",
    ),
    "too many multipliers": (
        with_terms(multipliers=tuple(replace(COFFEE, key=f"k-{n}") for n in range(31))),
        "/multipliers",
    ),
    "weekday 8": (with_multiplier(weekdays=(8,)), "/multipliers/0/when/weekdays"),
    "weekday 0": (with_multiplier(weekdays=(0,)), "/multipliers/0/when/weekdays"),
    "weekday twice": (with_multiplier(weekdays=(6, 6)), "/multipliers/0/when/weekdays"),
    "no hour": (
        with_multiplier(hours=(time(9), time(9))),
        "/multipliers/0/when/hours",
    ),
    "store gone": (with_multiplier(stores=("99",)), "/multipliers/0/when/stores"),
    "channel unknown": (
        with_multiplier(channels=("MARS",)),
        "/multipliers/0/when/channels",
    ),
    "tier unknown": (with_multiplier(tiers=("platina",)), "/multipliers/0/when/tiers"),
    "tier without ladder": (with_terms(ladder=None), "/multipliers/0/when/tiers"),
    "period empty": (
        with_multiplier(starts_on=date(2027, 2, 1), ends_on=date(2027, 1, 31)),
        "/multipliers/0/when/ends_on",
    ),
    "least total 0": (
        with_multiplier(least_total=Decimal(0)),
        "/multipliers/0/when/least_total",
    ),
    "event unknown": (action(event="member.sneezed"), "/actions/0/event"),
    "event malformed": (action(event="custom.Hej hopp"), "/actions/0/event"),
    "event twice": (
        with_terms(actions=(TERMS.actions[0], Action("två-2", "member.activated", 1))),
        "/actions/1/event",
    ),
    "action of 0 points": (action(points=0), "/actions/0/points"),
    "action of a million": (action(points=1_000_000), "/actions/0/points"),
    "twice once": (action(per=Per.ONCE, times=2), "/actions/0/times"),
    "never a day": (action(per=Per.DAY, times=0), "/actions/0/times"),
    "action's key": (action(key=""), "/actions/0/key"),
    "waits too long": (with_terms(pending_days=366), "/pending_days"),
    "waits backwards": (with_terms(pending_days=-1), "/pending_days"),
    # What is bought on 31 January lapses when February ends.
    "waits for more than a month": (
        with_terms(replace(VERSION, expires_after_months=1), pending_days=29),
        "/pending_days",
    ),
    "waits for longer than it lasts": (
        with_terms(replace(VERSION, expires_after_months=1), pending_days=60),
        "/pending_days",
    ),
    "waits while a year ends": (
        with_terms(
            expiry=ExpiryKind.FIXED,
            expiry_day=(12, 31),
            expiry_years=0,
            pending_days=14,
        ),
        "/pending_days",
    ),
    "waits while a member is idle": (
        with_terms(
            replace(VERSION, expires_after_months=1),
            expiry=ExpiryKind.INACTIVITY,
            pending_days=40,
        ),
        "/pending_days",
    ),
    "returns take nothing": (with_terms(returns=ReturnPolicy.PENDING), "/returns"),
    "expires at once": (
        replace(VERSION, expires_after_months=0),
        "/expires_after_months",
    ),
    "expires in 11 years": (
        replace(VERSION, expires_after_months=132),
        "/expires_after_months",
    ),
    "inactive for ever": (
        with_terms(
            replace(VERSION, expires_after_months=None), expiry=ExpiryKind.INACTIVITY
        ),
        "/expires_after_months",
    ),
    "leap day": (
        with_terms(expiry=ExpiryKind.FIXED, expiry_day=(2, 29)),
        "/expiry_day",
    ),
    "31 June": (with_terms(expiry=ExpiryKind.FIXED, expiry_day=(6, 31)), "/expiry_day"),
    "month 13": (
        with_terms(expiry=ExpiryKind.FIXED, expiry_day=(13, 1)),
        "/expiry_day",
    ),
    "in 11 years": (
        with_terms(expiry=ExpiryKind.FIXED, expiry_years=11),
        "/expiry_years",
    ),
    "steps fall in points": (
        steps((500, 50), (400, 60)),
        "/vouchers/steps/1/points",
    ),
    "steps fall in value": (steps((500, 50), (600, 40)), "/vouchers/steps/1/value"),
    "a step of nothing": (steps((500, 0)), "/vouchers/steps/0/value"),
    "a step for nothing": (steps((0, 50)), "/vouchers/steps/0/points"),
    "another worth": (
        replace(VERSION, point_value=Decimal("0.2")),
        "/point_value",
    ),
    "another first step": (replace(VERSION, reward_points=400), "/reward_points"),
    "valid for 0 days": (with_vouchers(valid_days=0), "/vouchers/valid_days"),
    "grace of 2 years": (with_vouchers(grace_days=730), "/vouchers/grace_days"),
    "11 times again": (with_vouchers(reactivations=11), "/vouchers/reactivations"),
    "no tiers": (with_terms(ladder=Ladder(), multipliers=()), "/ladder/tiers"),
    "first tier costs": (tiers(tier("guld", 100)), "/ladder/tiers/0/needs"),
    "tiers fall": (
        tiers(tier("brons", 0), tier("silver", 50), tier("guld", 50)),
        "/ladder/tiers/2/needs",
    ),
    "tier twice": (tiers(tier("guld", 0), tier("guld", 5)), "/ladder/tiers/1/key"),
    "to stay is dearer": (
        tiers(tier("brons", 0), tier("guld", 50, keeps=60)),
        "/ladder/tiers/1/keeps",
    ),
    "tier without a name": (
        tiers(replace(tier("guld", 0), names={"sv": "Guld", "en": "Gold"})),
        "/ladder/tiers/0/names/da",
    ),
    "benefit in one language": (
        tiers(replace(tier("guld", 0), benefits=({"sv": "Fri frakt"},))),
        "/ladder/tiers/0/benefits/da",
    ),
    "grace of a tier": (with_ladder(grace_days=400), "/ladder/grace_days"),
    "own currency": (money("SEK"), "/currencies/SEK"),
    "currency unknown": (money("ABC"), "/currencies/ABC"),
    "no points abroad": (money(rate="0"), "/currencies/DKK/points_per_unit"),
    "worth nothing abroad": (money(value="0"), "/currencies/DKK/point_value"),
    "all back abroad": (money(value="0.9"), "/currencies/DKK/point_value"),
}
WARNINGS = {
    "goods unknown": (
        with_multiplier(goods=Goods(brands=("Nix",))),
        "/multipliers/0/when/goods",
    ),
    "excluded unknown": (with_terms(excluded=Goods(brands=("Nix",))), "/excluded"),
    "always": (
        with_terms(multipliers=(Multiplier("alltid", Decimal(2)),)),
        "/multipliers/0",
    ),
    "over before": (
        with_multiplier(ends_on=date(2026, 12, 31)),
        "/multipliers/0/when/ends_on",
    ),
    "together all back": (
        with_terms(
            stacking=Stacking.MULTIPLY,
            multipliers=(
                replace(COFFEE, factor=Decimal(5)),
                Multiplier("a", Decimal(3), When(weekdays=(6,))),
            ),
        ),
        "/stacking",
    ),
}


class TestCheck:
    def test_finds_nothing_wrong_with_a_version_that_is_right(self):
        assert check(VERSION, FACTS) == []

    @pytest.mark.parametrize(
        "rule",
        [
            with_terms(replace(VERSION, expires_after_months=1), pending_days=28),
            with_terms(
                expiry=ExpiryKind.FIXED,
                expiry_day=(12, 31),
                expiry_years=1,
                pending_days=14,
            ),
            with_terms(replace(VERSION, expires_after_months=None), pending_days=365),
        ],
        ids=["a month", "next year", "for ever"],
    )
    def test_lets_points_wait_that_can_be_used_for_a_day(self, rule):
        assert blocking(check(rule, FACTS)) == []

    @pytest.mark.parametrize("name", FAULTS)
    def test_finds_each_fault_at_its_place(self, name):
        rule, pointer = FAULTS[name]

        found = {fault.pointer: fault for fault in blocking(check(rule, FACTS))}

        assert pointer in found
        assert found[pointer].message.endswith(".")

    @pytest.mark.parametrize("name", WARNINGS)
    def test_warns_and_lets_it_pass(self, name):
        rule, pointer = WARNINGS[name]
        facts = replace(FACTS, unknown_goods=frozenset({Named(Kind.BRAND, "Nix")}))

        found = check(rule, facts)

        assert pointer in {fault.pointer for fault in found if fault.is_warning}
        assert pointer not in {fault.pointer for fault in blocking(found)}

    def test_lets_hours_go_over_midnight(self):
        rule = with_multiplier(hours=(time(22), time(2)))

        assert check(rule, FACTS) == []

    @pytest.mark.parametrize(
        ("key", "is_right"),
        [
            ("kaffe", True),
            ("kaffe-2", True),
            ("Kaffe", False),
            ("", False),
            ("-a", False),
            ("a b", False),
            ("å", False),
            ("k" * 41, False),
        ],
        ids=["word", "number", "capital", "empty", "hyphen", "space", "ring", "long"],
    )
    def test_knows_a_key(self, key, is_right):
        assert is_key(key) is is_right

    def test_knows_an_event_of_another_system(self):
        assert is_custom("custom.workshop_visit")
        assert not is_custom("custom.")
        assert not is_custom("custom." + "a" * 50)
