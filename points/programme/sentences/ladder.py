"""The ladder in words: how a level is reached and kept, and what it gives."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from points import words
from points.programme.sentences.names import Names, in_language
from points.programme.sentences.saying import (
    Kind,
    Sentence,
    Unsayable,
    together,
    within,
)
from points.terms import Ladder, Measure, Tier, Window

_WINDOWS: dict[Window, Callable[[], str]] = {
    Window.ROLLING: lambda: _("within %(months)s months") % {"months": 12},
    Window.CALENDAR: lambda: _("within a calendar year"),
    Window.MEMBERSHIP: lambda: _("within a year of membership"),
}
_HOLDS: dict[Window, Callable[[], str]] = {
    Window.ROLLING: lambda: _("A level lasts %(months)s months.") % {"months": 12},
    Window.CALENDAR: lambda: _(
        "A level lasts for the rest of the year and all of the next."
    ),
    Window.MEMBERSHIP: lambda: _(
        "A level lasts for the rest of your year of membership and all of the next."
    ),
}


def of_ladder(ladder: Ladder, *, currency: str, names: Names) -> list[Sentence]:
    """Say how levels are reached and kept, lowest first, and when they go.

    Raises:
        Unsayable: a level without a name, or levels that are not one above the other.
    """
    _check(ladder, names)
    said = [
        of_tier(tier, ladder, currency=currency, names=names) for tier in ladder.tiers
    ]
    if len(ladder.tiers) > 1:
        said.append(_keeping(ladder))
    return said


def of_tier(tier: Tier, ladder: Ladder, *, currency: str, names: Names) -> Sentence:
    """Say how one level is reached and kept, and what it gives.

    Raises:
        Unsayable: it has no name, or a benefit is not written in this language.
    """
    name = names.tier(tier.key)
    if tier.needs > 0:
        said = [_reached(tier, ladder, name, currency)]
    else:
        said = [_("Everybody begins at %(tier)s.") % {"tier": name}]
    keeps = tier.keeps if tier.keeps not in (None, tier.needs) else None
    if keeps is not None:
        said.append(
            _("To keep %(tier)s it takes %(needs)s %(window)s.")
            % {
                "tier": name,
                "needs": _amount(keeps, ladder.measure, currency),
                "window": _WINDOWS[ladder.window](),
            }
        )
    benefits = [in_language(each) for each in tier.benefits]
    if not all(benefits):
        message = _("A benefit of %(tier)s is not written in this language.")
        raise Unsayable(message % {"tier": name}, Kind.TIER, tier.key)
    if benefits:
        said.append(
            _("At %(tier)s you get %(benefits)s.")
            % {
                "tier": name,
                "benefits": together([within(each.rstrip(".")) for each in benefits]),
            }
        )
    return Sentence(
        Kind.TIER,
        " ".join(said),
        {
            "key": tier.key,
            "measure": ladder.measure.value,
            "window": ladder.window.value,
            "needs": tier.needs,
            "keeps": keeps,
        },
    )


def _reached(tier: Tier, ladder: Ladder, name: str, currency: str) -> str:
    count = int(tier.needs)
    values = {
        "tier": name,
        "n": words.number(count),
        "money": display(tier.needs, currency),
        "window": _WINDOWS[ladder.window](),
    }
    match ladder.measure:
        case Measure.SPEND:
            text = _("You reach %(tier)s when you buy for %(money)s %(window)s.")
        case Measure.POINTS:
            text = ngettext(
                "You reach %(tier)s when you earn %(n)s point %(window)s.",
                "You reach %(tier)s when you earn %(n)s points %(window)s.",
                count,
            )
        case Measure.VISITS:
            text = ngettext(
                "You reach %(tier)s when you buy something %(n)s time %(window)s.",
                "You reach %(tier)s when you buy something %(n)s times %(window)s.",
                count,
            )
        case Measure.ACTIONS:
            text = ngettext(
                "You reach %(tier)s when you do %(n)s thing that gives points "
                "%(window)s.",
                "You reach %(tier)s when you do %(n)s things that give points "
                "%(window)s.",
                count,
            )
    return text % values


def _amount(amount: Decimal, measure: Measure, currency: str) -> str:
    count = int(amount)
    match measure:
        case Measure.SPEND:
            return _("purchases for %(money)s") % {"money": display(amount, currency)}
        case Measure.POINTS:
            return words.points(count)
        case Measure.VISITS:
            text = ngettext("%(n)s purchase", "%(n)s purchases", count)
        case Measure.ACTIONS:
            text = ngettext(
                "%(n)s thing that gives points", "%(n)s things that give points", count
            )
    return text % {"n": words.number(count)}


def _keeping(ladder: Ladder) -> Sentence:
    days = ladder.grace_days
    if ladder.soft_landing:
        text = (
            ngettext(
                "If you have not reached it again by then, you go one step down "
                "%(n)s day later.",
                "If you have not reached it again by then, you go one step down "
                "%(n)s days later.",
                days,
            )
            if days
            else _("If you have not reached it again by then, you go one step down.")
        )
    else:
        text = (
            ngettext(
                "If you have not reached it again by then, you go to the level you "
                "have reached %(n)s day later.",
                "If you have not reached it again by then, you go to the level you "
                "have reached %(n)s days later.",
                days,
            )
            if days
            else _(
                "If you have not reached it again by then, you go to the level you "
                "have reached."
            )
        )
    return Sentence(
        Kind.LADDER,
        f"{_HOLDS[ladder.window]()} {text % {'n': words.number(days)}}",
        {
            "window": ladder.window.value,
            "grace_days": days,
            "one_step": ladder.soft_landing,
        },
    )


def _check(ladder: Ladder, names: Names) -> None:
    tiers = ladder.tiers
    keys = [tier.key for tier in tiers]
    for fault, key in (
        (_("The ladder has no levels."), "") if not tiers else ("", ""),
        *((_wrong(tier, ladder, names), tier.key) for tier in tiers),
    ):
        if fault:
            raise Unsayable(fault, Kind.TIER, key)
    if len(set(keys)) < len(keys):
        raise Unsayable(_("Two levels have the same key."), Kind.TIER)
    if tiers[0].needs != 0:
        message = _("The lowest level must need nothing, for everybody has it.")
        raise Unsayable(message, Kind.TIER, keys[0])
    if any(above.needs <= below.needs for below, above in pairwise(tiers)):
        raise Unsayable(_("Each level must need more than the one below."), Kind.TIER)
    if ladder.grace_days < 0:
        raise Unsayable(_("The days of grace cannot be fewer than none."), Kind.LADDER)


def _wrong(tier: Tier, ladder: Ladder, names: Names) -> str:
    if not names.tier(tier.key):
        return _("A level has no name.")
    if tier.keeps is not None and not 0 <= tier.keeps <= tier.needs:
        return _("Keeping a level cannot take more than reaching it.")
    asked = [tier.needs, tier.needs if tier.keeps is None else tier.keeps]
    if ladder.measure is not Measure.SPEND and any(each % 1 for each in asked):
        return _("Points, purchases and actions are counted in whole ones.")
    return ""
