"""What a replay says to people, in plain words, from its result."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from common.money import display
from points.programme.comparing import worsenings
from points.rules import EarningRule
from points.selectors import value_of
from points.terms import VoucherMode
from points.words import number, points
from purchases.replay.comparing import Difference
from purchases.replay.models import Replay
from purchases.replay.outcome import FEWEST
from purchases.replay.sums import BOUNDS


def summary(replay: Replay, currency: str) -> list[str]:
    """Return the result in sentences: points, money, who wins and who loses."""
    result = replay.result
    if not result.get("members"):
        return [_("Nobody in the club bought anything in this time.")]
    said = [_points(result)]
    everybody = result["all"]
    said += [_lose(everybody, currency), _win(everybody, currency)]
    if result["force"] is not None:
        said.append(rights(result["rights"]["members"]))
    return [each for each in said if each]


def rights(lost: int | None) -> str:
    """Say how many lose what they have by today."""
    if lost is None:
        return _("Fewer than %(n)s members lose a right already earned.") % {
            "n": FEWEST
        }
    if lost == 0:
        return _("Nobody loses a right already earned.")
    text = ngettext(
        "%(n)s member loses a right already earned.",
        "%(n)s members lose a right already earned.",
        lost,
    )
    return text % {"n": number(lost)}


def _points(result: Mapping[str, Any]) -> str:
    draft, force = result["draft"], result["force"]
    if force is None:
        return _("These purchases would have given %(points)s.") % {
            "points": points(draft["net"])
        }
    difference = draft["net"] - force["net"]
    version = {"version": number(force["version"])}
    if difference == 0:
        text = _(
            "These purchases would have given as many points as by version %(version)s."
        )
        return text % version
    text = (
        _(
            "These purchases would have given %(points)s more than by version"
            " %(version)s."
        )
        if difference > 0
        else _(
            "These purchases would have given %(points)s fewer than by version"
            " %(version)s."
        )
    )
    return text % {**version, "points": points(abs(difference))}


def _lose(group: Mapping[str, Any], currency: str) -> str:
    if group["losers"] is None:
        return _("Fewer than %(n)s members lose money.") % {"n": FEWEST}
    if group["losers"] == 0:
        return _("Nobody loses money.")
    text = ngettext(
        "%(n)s member loses %(money)s.",
        "%(n)s members lose %(money)s on average.",
        group["losers"],
    )
    return text % {"n": number(group["losers"]), "money": _kr(group["lost"], currency)}


def _win(group: Mapping[str, Any], currency: str) -> str:
    if group["winners"] is None:
        return _("Fewer than %(n)s members win money.") % {"n": FEWEST}
    if group["winners"] == 0:
        return _("Nobody wins money.")
    text = ngettext(
        "%(n)s member wins %(money)s.",
        "%(n)s members win %(money)s on average.",
        group["winners"],
    )
    return text % {"n": number(group["winners"]), "money": _kr(group["won"], currency)}


def count(members: int | None) -> str:
    """Write a number of members, or that they are too few to be shown."""
    if members is None:
        return pgettext("too few members", "under %(n)s") % {"n": FEWEST}
    return number(members)


def average(money: str | None, currency: str) -> str:
    """Write an average, or a dash where there is none or it is not shown."""
    return "–" if money is None else _kr(money, currency)


def signed(money: str | None, currency: str) -> str:
    """Write a difference in money with its sign."""
    if money is None:
        return "–"
    amount = Decimal(money)
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return sign + display(abs(amount), currency, ore=False)


def bars(currency: str) -> list[str]:
    """Return what the bars stand for, from who loses most to who wins most."""
    unit = display(Decimal(BOUNDS[-1]), currency, ore=False)
    lost = [pgettext("members who", "Lose more than %(money)s") % {"money": unit}]
    won = [pgettext("members who", "Win more than %(money)s") % {"money": unit}]
    for low, high in zip((0, *BOUNDS), BOUNDS, strict=False):
        span = {"low": low, "high": display(Decimal(high), currency, ore=False)}
        lost.insert(1, pgettext("members who", "Lose %(low)s to %(high)s") % span)
        won.insert(-1, pgettext("members who", "Win %(low)s to %(high)s") % span)
    return [*lost, pgettext("members who", "Get the same"), *won]


def difference(reason: str) -> str:
    """Say why the version in force gives other points than the ledger has."""
    return {
        Difference.NO_VERSION: _("No version was in force when it was bought."),
        Difference.OTHER_VERSION: _("Another version was in force when it was bought."),
        Difference.LEVEL: _("The member had another level than in the replay."),
        Difference.RETURNS: _(
            "Returns took other points: some had lapsed, or the policy let them go."
        ),
        Difference.MEMBER: _(
            "What the version asks about the member was not known then, or was other."
        ),
        Difference.OTHER: _("Not explained. Tell your supplier."),
    }[Difference(reason)]


def assumptions(replay: Replay, rule: EarningRule) -> list[str]:
    """Say what the figures take for granted."""
    said = [
        _(
            "Everybody begins the time without points, by both versions, and with the"
            " level that they had."
        )
    ]
    if rule.terms.vouchers.mode is VoucherMode.AUTOMATIC:
        said.append(
            _(
                "Points become vouchers by themselves as soon as there are enough, and"
                " the largest there are enough for."
            )
        )
    else:
        said.append(
            _(
                "Members choose: it is assumed that they take a voucher as soon as"
                " there are points for one, and the largest there are points for."
            )
        )
    said.append(
        _(
            "A voucher stays with the member when goods come back later: the points of"
            " what came back are taken from what is earned next. In the shop an unused"
            " voucher is withdrawn instead."
        )
    )
    said.append(
        _("%(share)s %% of the points are expected to be used, as the books assume.")
        % {"share": number(replay.used_share)}
        if replay.used_share is not None
        else _("All points are expected to be used: the books assume nothing else.")
    )
    said += [
        _("Members buy what they bought: nobody buys more or less for the new terms."),
        _("Points for actions are not replayed; both versions are held to purchases."),
    ]
    if _runs_down(replay, rule):
        said.append(
            _(
                "The days on which points keep their old worth are left out: the new"
                " terms count from the first day."
            )
        )
    return said


def _runs_down(replay: Replay, rule: EarningRule) -> bool:
    """Tell whether points that members have would keep their worth for a while."""
    return replay.beside is not None and any(
        each.touches_earned for each in worsenings(value_of(replay.beside), rule)
    )


def _kr(money: str | None, currency: str) -> str:
    return display(Decimal(money or 0), currency, ore=False)
