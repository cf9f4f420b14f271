"""Why a line gave what it gave, and why a multiplier did not count, in words.

For receipts that are stored: by the version of their own day, whatever holds today.
"""

from collections.abc import Callable, Collection
from decimal import Decimal

from django.utils.translation import gettext as _

from points import words
from points.programme.engine import Why
from points.programme.sentences import Names, Unsayable
from points.programme.sentences.conditions import Conditions
from points.programme.sentences.multipliers import phrase, times_the_points
from points.programme.sentences.saying import begun, together, within
from points.rules import EarningRule
from points.terms import Multiplier

_PHRASES: dict[Why, Callable[[Conditions], str]] = {
    Why.GOODS: Conditions.goods,
    Why.STORE: Conditions.place,
    Why.CHANNEL: Conditions.place,
    Why.WEEKDAY: Conditions.weekdays,
    Why.HOUR: Conditions.hours,
    Why.TIER: Conditions.tiers,
    Why.NOT_FIRST: Conditions.first_purchase,
    Why.BIRTHDAY: Conditions.birthday,
    Why.PERIOD: Conditions.period,
    Why.TOTAL: Conditions.least_total,
}
_NOTHING: dict[Why, Callable[[], str]] = {
    Why.TILL_SAYS_NO: lambda: _("The till gives no points for it"),
    Why.GIFT_CARD: lambda: _("Gift cards give no points"),
    Why.EXCLUDED: lambda: _("These goods give no points"),
    Why.CURRENCY: lambda: _("This currency gives no points"),
}


def why_so_much(
    rule: EarningRule,
    *,
    rate: Decimal,
    keys: Collection[str],
    currency: str,
    names: Names,
) -> str:
    """Say why a line gave its rate: `2 points per krona: double points on coffee`.

    `rate` and `keys` are what the line keeps. Without multipliers only the rate.
    """
    earning = words.per_unit(rate.normalize(), currency)
    named = names.with_ladder(rule.terms.ladder)
    reasons = [
        said_shortly(each, currency=currency, names=named)
        for each in rule.terms.multipliers
        if each.key in keys
    ]
    if not reasons:
        return earning
    return _("%(earning)s: %(reasons)s") % {
        "earning": earning,
        "reasons": together(reasons),
    }


def why_not(why: Why, multiplier: Multiplier, *, currency: str, names: Names) -> str:
    """Say why a multiplier did not count: `It holds only in the store Kungsgatan`."""
    if why is Why.A_BETTER_ONE:
        return _("Another one gave more")
    if why not in _PHRASES:
        return why_nothing(why)
    try:
        conditions = Conditions(
            multiplier.when, key=multiplier.key, currency=currency, names=names
        )
    except Unsayable:
        return _("It does not hold here")
    return _("It holds only %(condition)s") % {"condition": _PHRASES[why](conditions)}


def why_nothing(why: Why) -> str:
    """Say why a line gives nothing at all."""
    return _NOTHING[why]()


def said_shortly(multiplier: Multiplier, *, currency: str, names: Names) -> str:
    """Say a multiplier within a sentence; only its factor if its names are gone."""
    try:
        return phrase(multiplier, currency=currency, names=names)
    except Unsayable:
        return within(times_the_points(multiplier.factor))


def said_as_title(multiplier: Multiplier, *, currency: str, names: Names) -> str:
    """Say a multiplier on its own: `Double points on coffee`."""
    return begun(said_shortly(multiplier, currency=currency, names=names))
