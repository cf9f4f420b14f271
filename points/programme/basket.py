"""A purchase tried on a version: the points of each line, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from points import rules, words
from points.programme import telling
from points.programme.engine import Line, LineResult, Purchase, Why, evaluate
from points.programme.naming import names_for
from points.programme.sentences import Names, Unsayable
from points.rules import EarningRule
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
) -> Tried:
    """Let a version reckon a purchase, with its reasons in words."""
    result = evaluate(rule, purchase, [line for _name, line in lines])
    sentences = _sentences(programme, rule)
    return Tried(
        title=title,
        points=result.points,
        worth=rules.worth(result.points, rule),
        eligible=result.eligible,
        exact=words.number(result.exact),
        lines=[
            _line(name, line, found, rule, sentences)
            for (name, line), found in zip(lines, result.lines, strict=True)
        ],
    )


def _line(
    name: str,
    line: Line,
    found: LineResult,
    rule: EarningRule,
    sentences: dict[str, str],
) -> TriedLine:
    times = found.rate / rule.points_per_unit if found.applied else Decimal(1)
    return TriedLine(
        name=name,
        paid=line.paid,
        points=words.number(found.exact.quantize(Decimal("0.01"))),
        times=words.number(times) if times != 1 else "",
        counts=[Reason(sentences[key]) for key in found.applied],
        misses=[Reason(sentences[key], why_in_words(why)) for key, why in found.missed],
        why_nothing=why_in_words(found.why_nothing) if found.why_nothing else "",
    )


def _sentences(programme: Programme, rule: EarningRule) -> dict[str, str]:
    names = names_for(rule, programme_id=programme.pk)
    return {
        each.key: _sentence(programme, rule, each.key, names)
        for each in rule.terms.multipliers
    }


def _sentence(programme: Programme, rule: EarningRule, key: str, names: Names) -> str:
    each = next(m for m in rule.terms.multipliers if m.key == key)
    try:
        return telling.of_one(programme, rule, each, names)
    except Unsayable:
        return key


def why_in_words(why: Why) -> str:
    """Say why a line earns nothing, or a multiplier does not count on it."""
    return {
        Why.TILL_SAYS_NO: _("the till says that it earns nothing"),
        Why.GIFT_CARD: _("gift cards earn nothing"),
        Why.EXCLUDED: _("these goods earn nothing"),
        Why.CURRENCY: _("this currency earns nothing"),
        Why.GOODS: _("other goods"),
        Why.STORE: _("another store"),
        Why.CHANNEL: _("another channel"),
        Why.WEEKDAY: _("another day of the week"),
        Why.HOUR: _("another time of the day"),
        Why.TIER: _("another tier"),
        Why.NOT_FIRST: _("not the first purchase"),
        Why.BIRTHDAY: _("no birthday near"),
        Why.PERIOD: _("outside its period"),
        Why.TOTAL: _("the goods cost too little together"),
        Why.A_BETTER_ONE: pgettext("multiplier", "a better one counts"),
    }[why]
