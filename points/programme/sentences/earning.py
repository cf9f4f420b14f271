"""What a purchase gives in words: per krona, of which money, of which goods."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points import rules, words
from points.programme.sentences.conditions import goods_facts, goods_named
from points.programme.sentences.names import Names
from points.programme.sentences.saying import (
    Kind,
    Sentence,
    Unsayable,
    begun,
    together,
)
from points.rules import EarningRule
from points.terms import Discounts, Goods, Rounding, Tax, Terms

_BASES: dict[tuple[Tax, Discounts], Callable[[], str]] = {
    (Tax.WITH, Discounts.AFTER): lambda: _(
        "Points are counted on what you pay, with VAT and after discounts."
    ),
    (Tax.WITH, Discounts.BEFORE): lambda: _(
        "Points are counted on the price with VAT, before discounts."
    ),
    (Tax.WITHOUT, Discounts.AFTER): lambda: _(
        "Points are counted on what you pay, without VAT and after discounts."
    ),
    (Tax.WITHOUT, Discounts.BEFORE): lambda: _(
        "Points are counted on the price without VAT, before discounts."
    ),
}
_ROUNDINGS: dict[Rounding, Callable[[], str]] = {
    Rounding.DOWN: lambda: _("The points of a purchase are rounded down."),
    Rounding.NEAREST: lambda: _(
        "The points of a purchase are rounded to the nearest whole point, and a half "
        "goes up."
    ),
    Rounding.UP: lambda: _("The points of a purchase are rounded up."),
}


def of_earning(rule: EarningRule, *, currency: str) -> Sentence:
    """Say what a purchase in the programme's own currency gives.

    Raises:
        Unsayable: it gives nothing.
    """
    return _earning(Kind.EARNING, rule.points_per_unit, currency)


def of_currencies(terms: Terms, *, currency: str) -> list[Sentence]:
    """Say what purchases in further currencies give, and what points are worth there.

    Raises:
        Unsayable: one of them gives nothing, or is the programme's own.
    """
    said = []
    for code, money in terms.currencies.items():
        if code == currency:
            message = _("%(currency)s is the programme's own currency.")
            raise Unsayable(message % {"currency": code}, Kind.CURRENCY, code)
        if money.point_value <= 0:
            message = _("A point is worth nothing in %(currency)s.")
            raise Unsayable(message % {"currency": code}, Kind.CURRENCY, code)
        earning = _earning(Kind.CURRENCY, money.points_per_unit, code)
        value = _("In %(currency)s a point is worth %(worth)s.") % {
            "currency": code,
            "worth": words.worth_between(money.point_value, money.point_value, code),
        }
        said.append(
            Sentence(
                Kind.CURRENCY,
                f"{earning.text} {value}",
                {**earning.facts, "point_value": money.point_value},
            )
        )
    return said


def of_base(terms: Terms) -> Sentence:
    """Say which money counts: with VAT or without, before discounts or after.

    A voucher is a discount, though few who read "after discounts" think of it.
    """
    said = [_BASES[terms.tax, terms.discounts]()]
    is_after = terms.discounts is Discounts.AFTER
    if is_after:
        said.append(_("What a voucher pays gives no points."))
    return Sentence(
        Kind.BASE,
        " ".join(said),
        {
            "with_tax": terms.tax is Tax.WITH,
            "after_discounts": is_after,
            "vouchers_earn": not is_after,
        },
    )


def of_exclusions(rule: EarningRule, *, names: Names) -> Sentence:
    """Say which goods earn nothing; gift cards never do, whatever the rule names.

    Raises:
        Unsayable: some of the goods have no name.
    """
    excluded = excluded_by(rule)
    said = [_("gift cards"), *goods_named(excluded, names, Kind.EXCLUSIONS)]
    return Sentence(
        Kind.EXCLUSIONS,
        begun(_("%(goods)s give no points.") % {"goods": together(said)}),
        {**goods_facts(excluded), "gift_cards": True},
    )


def excluded_by(rule: EarningRule) -> Goods:
    """Return all goods that a version names as without points, but for gift cards."""
    excluded = rule.terms.excluded
    groups = {
        rules.group_name(group): group
        for group in (*sorted(rule.excluded_groups), *excluded.groups)
        if rules.group_name(group) not in rules.GIFT_CARD_GROUPS
    }
    return Goods(
        tuple(groups.values()), excluded.categories, excluded.brands, excluded.skus
    )


def of_rounding(terms: Terms) -> Sentence:
    """Say how the points of a purchase become whole ones."""
    return Sentence(
        Kind.ROUNDING, _ROUNDINGS[terms.rounding](), {"rounding": terms.rounding.value}
    )


def _earning(kind: Kind, per_unit: Decimal, currency: str) -> Sentence:
    if per_unit <= 0:
        message = _("A purchase in %(currency)s gives no points.")
        raise Unsayable(message % {"currency": currency}, kind, currency)
    # Half points exist in rules, and are spoken of in the plural.
    whole = per_unit == per_unit.to_integral_value()
    text = ngettext(
        "You get %(n)s point per %(unit)s.",
        "You get %(n)s points per %(unit)s.",
        int(per_unit) if whole else 2,
    )
    return Sentence(
        kind,
        text % {"n": words.number(per_unit), "unit": words.unit(currency)},
        {"points": per_unit, "currency": currency},
    )
