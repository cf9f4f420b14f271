"""Versions as values for the tests: one with everything, to take apart."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from points.rules import EarningRule
from points.terms import (
    Action,
    Birthday,
    Goods,
    Ladder,
    Money,
    Multiplier,
    Per,
    Terms,
    Tier,
    Vouchers,
    VoucherStep,
    When,
)


def tier(key, needs, *benefits, keeps=None):
    return Tier(
        key=key,
        names={"sv": key, "da": key, "en": key.title()},
        needs=Decimal(needs),
        keeps=None if keeps is None else Decimal(keeps),
        benefits=tuple({"sv": each, "da": each, "en": each} for each in benefits),
    )


COFFEE = Multiplier(
    "kaffe",
    Decimal(2),
    When(goods=Goods(categories=("Kaffe",)), weekdays=(6, 7), tiers=("guld",)),
)
EVENING = Multiplier(
    "kvall",
    Decimal(3),
    When(
        stores=("1",),
        channels=("SHOP",),
        hours=(time(18), time(21)),
        birthday=Birthday.MONTH,
        starts_on=date(2027, 1, 1),
        ends_on=date(2027, 12, 31),
        least_total=Decimal(100),
    ),
)
TERMS = Terms(
    multipliers=(COFFEE, EVENING),
    actions=(Action("profil", "member.activated", 100, Per.ONCE),),
    vouchers=Vouchers(
        steps=(VoucherStep(500, Decimal(50)), VoucherStep(1000, Decimal(110))),
    ),
    ladder=Ladder(
        tiers=(tier("brons", 0), tier("silver", 3000), tier("guld", 9000, "Fri frakt"))
    ),
    currencies={"DKK": Money(Decimal("1.5"), Decimal("0.07"))},
)
VERSION = EarningRule(
    id=1,
    version=1,
    points_per_unit=Decimal(1),
    excluded_groups=frozenset({"Tobak"}),
    expires_after_months=24,
    point_value=Decimal("0.10"),
    reward_points=500,
    terms=TERMS,
)


def with_terms(rule=VERSION, **changes):
    return replace(rule, terms=replace(rule.terms, **changes))


def with_multiplier(multiplier=COFFEE, rule=VERSION, **when):
    """Return a version in which a multiplier asks for something else too."""
    changed = replace(multiplier, when=replace(multiplier.when, **when))
    others = [each for each in rule.terms.multipliers if each.key != multiplier.key]
    return with_terms(rule, multipliers=(changed, *others))


def with_ladder(rule=VERSION, **changes):
    return with_terms(rule, ladder=replace(rule.terms.ladder, **changes))


def with_vouchers(rule=VERSION, **changes):
    return with_terms(rule, vouchers=replace(rule.terms.vouchers, **changes))
