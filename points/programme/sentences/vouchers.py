"""What points become and are worth, in words."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from points import rules, words, worth
from points.programme.sentences.saying import (
    Kind,
    Sentence,
    Unsayable,
    is_whole_cents,
    together,
)
from points.rules import EarningRule
from points.terms import VoucherMode, Vouchers, VoucherStep


def of_worth(rule: EarningRule, *, currency: str) -> Sentence:
    """Say what a point is worth, in öre: a range where steps differ.

    Raises:
        Unsayable: less or more than any of the vouchers gives.
    """
    value = worth.of(rule)
    if rule.point_value <= 0:
        raise Unsayable(_("A point is worth nothing."), Kind.WORTH)
    cent = worth.NEAREST
    if not value.least - cent <= rule.point_value <= value.most + cent:
        message = _(
            "The worth of a point does not fit the vouchers: they make it %(worth)s."
        ) % {"worth": words.worth_between(value.least, value.most, currency)}
        raise Unsayable(message, Kind.WORTH)
    return Sentence(
        Kind.WORTH,
        f"{words.worth_of_a_point(rule, currency)}.",
        {"least": value.least, "most": value.most, "currency": currency},
    )


def steps_of(rule: EarningRule) -> tuple[VoucherStep, ...]:
    """Return what points become; without steps the version's own reward."""
    return rule.terms.vouchers.steps or (
        VoucherStep(rule.reward_points, rules.reward_worth(rule)),
    )


def of_steps(steps: Sequence[VoucherStep], *, currency: str) -> list[Sentence]:
    """Say what points become, fewest points first.

    Raises:
        Unsayable: a step gives nothing, or more points give less.
    """
    _check(steps)
    said = []
    for step in sorted(steps, key=lambda each: each.points):
        text = ngettext(
            "%(n)s point becomes a %(money)s voucher",
            "%(n)s points become a %(money)s voucher",
            step.points,
        ) % {"n": words.number(step.points), "money": display(step.value, currency)}
        facts = {
            "points": step.points,
            "value": step.value,
            "needs_purchase": step.needs_purchase,
            "currency": currency,
        }
        said.append(Sentence(Kind.STEP, f"{text}.", facts))
    return said


def of_vouchers(
    vouchers: Vouchers, steps: Sequence[VoucherStep], *, currency: str
) -> list[Sentence]:
    """Say how points become vouchers, how long they last, what they are good for.

    The days of grace are not said: they forgive who comes a little late.

    Raises:
        Unsayable: a voucher that is never valid.
    """
    if vouchers.valid_days < 1:
        raise Unsayable(_("A voucher is valid for at least one day."), Kind.VOUCHER)
    if vouchers.mode is VoucherMode.AUTOMATIC:
        how = _("You get the voucher as soon as you have the points.")
    else:
        how = _("You choose yourself when points become a voucher.")
    lasts = ngettext(
        "A voucher is valid for %(n)s day.",
        "A voucher is valid for %(n)s days.",
        vouchers.valid_days,
    ) % {"n": words.number(vouchers.valid_days)}
    return [
        Sentence(Kind.VOUCHER, how, {"mode": vouchers.mode.value}),
        Sentence(Kind.VOUCHER, lasts, {"days": vouchers.valid_days}),
        Sentence(
            Kind.VOUCHER,
            " ".join(_uses(steps, currency)),
            {"free": tuple(each.value for each in steps if not each.needs_purchase)},
        ),
    ]


def _uses(steps: Sequence[VoucherStep], currency: str) -> Iterator[str]:
    free = [display(each.value, currency) for each in steps if not each.needs_purchase]
    if len(free) < len(steps):
        yield _("A voucher lowers the price when you buy something.")
    if len(free) == len(steps):
        yield _("You can get goods for a voucher without buying anything else.")
    elif free:
        yield _("For a voucher of %(money)s you can get goods without buying.") % {
            "money": together(free)
        }


def _check(steps: Sequence[VoucherStep]) -> None:
    ordered = sorted(steps, key=lambda each: each.points)
    fault = ""
    if any(each.points < 1 or each.value <= 0 for each in steps):
        fault = _("A voucher needs points and a value.")
    elif any(not is_whole_cents(each.value) for each in steps):
        fault = _("The value of a voucher has more than two decimals.")
    elif any(
        less.points == more.points or less.value >= more.value
        for less, more in pairwise(ordered)
    ):
        fault = _("More points must give a larger voucher.")
    if fault:
        raise Unsayable(fault, Kind.STEP)
