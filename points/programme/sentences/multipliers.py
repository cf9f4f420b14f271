"""Multipliers in words, such as `Double points on coffee at weekends for Gold`."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _

from common.ui.charts import percent
from points import rules, words
from points.programme.sentences.conditions import Conditions, facts_of
from points.programme.sentences.names import Names
from points.programme.sentences.saying import (
    Kind,
    Sentence,
    Unsayable,
    begun,
    is_whole_cents,
    within,
)
from points.terms import Birthday, Goods, Multiplier, Stacking, When

# More than this is a slip of the hand; so much stands in no shop's window.
MOST_TIMES = Decimal(100)
# A sentence with more conditions than this is split into two.
_MOST_CONDITIONS = 3
_HALF, _ONE, _TWO, _THREE = Decimal("0.5"), Decimal(1), Decimal(2), Decimal(3)
_OF_TWO_AND_THREE = {Stacking.ADD: Decimal(4), Stacking.MULTIPLY: Decimal(6)}


def of_multiplier(
    multiplier: Multiplier,
    *,
    currency: str,
    names: Names,
    excluded: Goods | None = None,
    stacking: Stacking = Stacking.BEST,
    has_currencies: bool = False,
) -> Sentence:
    """Say one multiplier.

    `excluded` are the goods without points; `has_currencies` that people pay in
    others too.

    Raises:
        Unsayable: no words fit, or it could never count.
    """
    key = multiplier.key
    _check(multiplier, stacking, excluded or Goods())
    least_in = "" if has_currencies else currency
    conditions = Conditions(multiplier.when, key=key, currency=least_in, names=names)
    return Sentence(
        Kind.MULTIPLIER,
        _words(multiplier, conditions),
        {
            "key": key,
            "times": multiplier.factor,
            **facts_of(multiplier.when, least_in),
        },
    )


def phrase(multiplier: Multiplier, *, currency: str, names: Names) -> str:
    """Say a multiplier within another sentence: `double points on coffee`.

    Raises:
        Unsayable: as for `of_multiplier`.
    """
    conditions = Conditions(
        multiplier.when, key=multiplier.key, currency=currency, names=names
    )
    said = conditions.all()
    points = within(times_the_points(multiplier.factor))
    return " ".join([points, *said]) if said else _on_everything(points)


def times_the_points(factor: Decimal) -> str:
    """Say a factor: `Double points`, `1.5 times the points`."""
    if factor == _TWO:
        return _("Double points")
    if factor == _THREE:
        return _("Triple points")
    if factor == _HALF:
        return _("Half the points")
    if factor < _ONE:
        return _("%(percent)s of the points") % {"percent": percent(float(factor))}
    return _("%(n)s times the points") % {"n": words.number(factor)}


def of_stacking(stacking: Stacking) -> Sentence:
    """Say what an item earns that several multipliers fit."""
    facts: dict[str, object] = {"stacking": stacking.value}
    if stacking is Stacking.BEST:
        text = _("If several of these fit the same item, the best one counts.")
        return Sentence(Kind.STACKING, text, facts)
    if stacking is Stacking.ADD:
        text = _(
            "If several of these fit the same item, they are added up: double and "
            "triple points make %(n)s times the points."
        )
    else:
        text = _(
            "If several of these fit the same item, they are multiplied: double and "
            "triple points make %(n)s times the points."
        )
    times = _OF_TWO_AND_THREE[stacking]
    facts["two_and_three"] = times
    return Sentence(Kind.STACKING, text % {"n": words.number(times)}, facts)


def _words(multiplier: Multiplier, conditions: Conditions) -> str:
    points = times_the_points(multiplier.factor)
    said = conditions.all()
    if not said:
        return f"{begun(_on_everything(points))}."
    alone = _alone(multiplier.when) if len(said) == 1 else None
    if alone is not None:
        return alone() % {"points": within(points)}
    who, rest = conditions.who(), conditions.rest()
    if len(said) <= _MOST_CONDITIONS or not who or not rest:
        return begun(f"{points} {' '.join(said)}.")
    first = begun(f"{points} {' '.join(who)}.")
    then = _("This holds %(conditions)s.") % {"conditions": " ".join(rest)}
    return f"{first} {then}"


def _alone(when: When) -> Callable[[], str] | None:
    """Return the sentence for a day that is the member's own, when that is all."""
    if when.first_purchase:
        return lambda: _("On your first purchase you get %(points)s.")
    if when.birthday is None:
        return None
    return {
        Birthday.DAY: lambda: _("On your birthday you get %(points)s."),
        Birthday.WEEK: lambda: _("In the week of your birthday you get %(points)s."),
        Birthday.MONTH: lambda: _("In the month of your birthday you get %(points)s."),
    }[when.birthday]


def _on_everything(points: str) -> str:
    return _("%(points)s on everything you buy") % {"points": points}


def _check(multiplier: Multiplier, stacking: Stacking, excluded: Goods) -> None:
    factor = multiplier.factor
    fault = ""
    if not multiplier.key:
        fault = _("The rule has no key by which receipts can name it.")
    elif not factor.is_finite() or factor <= 0:
        fault = _("No points at all is said with goods without points, not so.")
    elif factor == _ONE:
        fault = _("Once the points changes nothing.")
    elif factor > MOST_TIMES:
        fault = _("More than %(most)s times the points cannot be meant.") % {
            "most": words.number(MOST_TIMES)
        }
    elif not is_whole_cents(factor):
        fault = _("The number of times has more than two decimals.")
    elif factor < _ONE and stacking is Stacking.ADD:
        fault = _("Fewer points than usual cannot be added up. Let the best one count.")
    elif _are_among(multiplier.when.goods, excluded):
        fault = _("All of these goods are without points, so it would never count.")
    if fault:
        raise Unsayable(fault, Kind.MULTIPLIER, multiplier.key)


def _are_among(goods: Goods, excluded: Goods) -> bool:
    """Tell whether all of some goods are excluded, by the same kinds of names."""
    return bool(goods) and all(
        set(map(rules.group_name, named)) <= set(map(rules.group_name, left_out))
        for named, left_out in (
            (goods.groups, (*excluded.groups, *rules.GIFT_CARD_GROUPS)),
            (goods.categories, excluded.categories),
            (goods.brands, excluded.brands),
            (goods.skus, excluded.skus),
        )
    )
