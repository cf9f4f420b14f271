"""A purchase tried on a version: the points of each line, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from points import rules, words
from points.programme import reasons
from points.programme.engine import (
    Line,
    LineResult,
    Purchase,
    Why,
    evaluate,
    less_voucher,
    voucher_shares,
)
from points.programme.naming import names_for
from points.programme.sentences import Names
from points.rules import EarningRule
from points.terms import Multiplier
from stores.models import Programme


@dataclass(frozen=True, slots=True)
class Reason:
    """A multiplier on a line: its sentence, and if it does not count, why not."""

    sentence: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class TriedLine:
    """What a line gives by a version."""

    name: str
    paid: Decimal
    # Before rounding; only the whole receipt is rounded.
    points: str
    times: str
    counts: list[Reason]
    misses: list[Reason]
    why_nothing: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What a purchase gives by a version."""

    title: str
    points: int
    worth: Decimal
    eligible: Decimal
    exact: str
    lines: list[TriedLine]


def attempt(
    *,
    programme: Programme,
    rule: EarningRule,
    title: str,
    purchase: Purchase,
    lines: Sequence[tuple[str, Line]],
    voucher: Decimal = Decimal(0),
) -> Tried:
    """Let a version reckon a purchase, with its reasons in words.

    `voucher` is what one paid of it.
    """
    bought = _less_voucher([line for _name, line in lines], voucher)
    result = evaluate(rule, purchase, bought)
    names = names_for(rule, programme_id=programme.pk)
    said = _Said(programme.currency, names)
    return Tried(
        title=title,
        points=result.points,
        worth=rules.worth(result.points, rule),
        eligible=result.eligible,
        exact=words.number(result.exact),
        lines=[
            _line(rule, said, name, line, found)
            for (name, _typed), line, found in zip(
                lines, bought, result.lines, strict=True
            )
        ],
    )


def _less_voucher(lines: Sequence[Line], paid: Decimal) -> list[Line]:
    """Return the lines less what a voucher paid of them; it pays for no gift card."""
    prices = [
        Decimal(0)
        if rules.group_name(line.group) in rules.GIFT_CARD_GROUPS
        else line.paid
        for line in lines
    ]
    shares = voucher_shares(paid, prices)
    return [
        less_voucher(line, share) for line, share in zip(lines, shares, strict=True)
    ]


def _line(
    rule: EarningRule, said: "_Said", name: str, line: Line, found: LineResult
) -> TriedLine:
    by_key = {each.key: each for each in rule.terms.multipliers}
    times = found.rate / rule.points_per_unit if found.applied else Decimal(1)
    return TriedLine(
        name=name,
        paid=line.paid,
        points=words.number(found.exact.quantize(Decimal("0.01"))),
        times=words.number(times) if times != 1 else "",
        counts=[Reason(said.title(by_key[key])) for key in found.applied],
        misses=[
            Reason(said.title(by_key[key]), said.why_not(why, by_key[key]))
            for key, why in found.missed
        ],
        why_nothing=reasons.why_nothing(found.why_nothing) if found.why_nothing else "",
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """How multipliers are said to the member, and why they do not count."""

    currency: str
    names: Names

    def title(self, each: Multiplier) -> str:
        return reasons.said_as_title(each, currency=self.currency, names=self.names)

    def why_not(self, why: Why, each: Multiplier) -> str:
        return reasons.why_not(why, each, currency=self.currency, names=self.names)
