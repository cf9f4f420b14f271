"""A whole version of the programme in words."""

from collections import Counter
from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from points.programme.sentences.actions import of_action
from points.programme.sentences.earning import (
    excluded_by,
    of_base,
    of_currencies,
    of_earning,
    of_exclusions,
    of_rounding,
)
from points.programme.sentences.ladder import of_ladder
from points.programme.sentences.lapsing import of_expiry, of_pending, of_returns
from points.programme.sentences.multipliers import of_multiplier, of_stacking
from points.programme.sentences.names import Names
from points.programme.sentences.saying import Kind, Sentence, Unsayable
from points.programme.sentences.vouchers import (
    of_steps,
    of_vouchers,
    of_worth,
    steps_of,
)
from points.rules import EarningRule
from points.terms import Action, Multiplier

_Part = Callable[[], list[Sentence]]


def of_version(rule: EarningRule, *, currency: str, names: Names) -> list[Sentence]:
    """Say all that a version says, one plain sentence for each rule of it.

    Raises:
        Unsayable: a rule of it cannot be said, and so must not be published.
    """
    _check_keys(rule)
    parts = _parts(rule, currency, names.with_ladder(rule.terms.ladder))
    return [sentence for part in parts for sentence in part()]


def what_can_be_said(
    rule: EarningRule, *, currency: str, names: Names
) -> list[Sentence]:
    """Say a version in force, without the rules that have lost their words since.

    A rule is said before it is published; a store that it names may be gone later,
    and then the rule counts nowhere either. Pages must not fail for that.
    """
    said: list[Sentence] = []
    for part in _parts(rule, currency, names.with_ladder(rule.terms.ladder)):
        try:
            said += part()
        except Unsayable:
            continue
    return said


def faults_of(rule: EarningRule, *, currency: str, names: Names) -> list[Unsayable]:
    """Return every rule of a version that cannot be said, not the first alone."""
    faults: list[Unsayable] = []
    try:
        _check_keys(rule)
    except Unsayable as fault:
        faults.append(fault)
    for part in _parts(rule, currency, names.with_ladder(rule.terms.ladder)):
        try:
            part()
        except Unsayable as fault:
            faults.append(fault)
    return faults


def _parts(rule: EarningRule, currency: str, names: Names) -> Iterator[_Part]:
    terms = rule.terms
    yield lambda: [of_earning(rule, currency=currency)]
    yield lambda: of_currencies(terms, currency=currency)
    yield lambda: [of_base(terms)]
    yield lambda: [of_exclusions(rule, names=names)]
    yield lambda: [of_rounding(terms)]
    for multiplier in terms.multipliers:
        yield _multiplier(multiplier, rule, currency, names)
    if len(terms.multipliers) > 1:
        yield lambda: [of_stacking(terms.stacking)]
    for action in terms.actions:
        yield _action(action)
    yield lambda: [of_pending(terms)]
    yield lambda: [of_worth(rule, currency=currency)]
    yield lambda: of_steps(steps_of(rule), currency=currency)
    yield lambda: of_vouchers(terms.vouchers, steps_of(rule), currency=currency)
    if terms.ladder is not None:
        ladder = terms.ladder
        yield lambda: of_ladder(ladder, currency=currency, names=names)
    yield lambda: [of_expiry(rule)]
    yield lambda: [of_returns(terms)]


def _multiplier(
    multiplier: Multiplier, rule: EarningRule, currency: str, names: Names
) -> _Part:
    return lambda: [
        of_multiplier(
            multiplier,
            currency=currency,
            names=names,
            excluded=excluded_by(rule),
            stacking=rule.terms.stacking,
            has_currencies=bool(rule.terms.currencies),
        )
    ]


def _action(action: Action) -> _Part:
    return lambda: [of_action(action)]


def _check_keys(rule: EarningRule) -> None:
    """Refuse two rules by one key: receipts could not tell which it was.

    Raises:
        Unsayable: a key is used twice.
    """
    for kind, keys in (
        (Kind.MULTIPLIER, [each.key for each in rule.terms.multipliers]),
        (Kind.ACTION, [each.key for each in rule.terms.actions]),
    ):
        for key, times in Counter(keys).items():
            if times > 1:
                message = _("Two rules have the same key, %(key)s.") % {"key": key}
                raise Unsayable(message, kind, key)
