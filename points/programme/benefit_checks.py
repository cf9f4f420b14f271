"""What is wrong with the vouchers and the ladder of a version. Pure."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from points import words, worth
from points.programme.comparing import steps_of
from points.programme.faults import Facts, Fault
from points.rules import EarningRule
from points.terms import LANGUAGES, Ladder, Tier

MOST_STEPS = 10
MOST_TIERS = 8
MOST_STEP_POINTS = 1_000_000
LONGEST_VALID_DAYS = 1095
LONGEST_GRACE_DAYS = 365
MOST_REACTIVATIONS = 10
LONGEST_TIER_NAME = 30
LONGEST_BENEFIT = 120


def vouchers(rule: EarningRule, facts: Facts) -> Iterator[Fault]:
    """Say what is wrong with the steps and the life of vouchers."""
    found = rule.terms.vouchers
    if not 0 < rule.reward_points <= MOST_STEP_POINTS:
        yield Fault("/reward_points", _between(1, MOST_STEP_POINTS))
    if len(found.steps) > MOST_STEPS:
        yield Fault("/vouchers/steps", _("At most %(n)s steps.") % {"n": MOST_STEPS})
    before = None
    for place, step in enumerate(found.steps):
        at = f"/vouchers/steps/{place}"
        if not 0 < step.points <= MOST_STEP_POINTS:
            yield Fault(f"{at}/points", _between(1, MOST_STEP_POINTS))
        elif before is not None and step.points <= before.points:
            yield Fault(f"{at}/points", _("Each step needs more points than the last."))
        if step.value <= 0:
            yield Fault(f"{at}/value", _("A voucher must be worth something."))
        elif before is not None and step.value <= before.value:
            yield Fault(f"{at}/value", _("Each step is worth more than the last."))
        before = step
    for name, value, least, most in (
        ("valid_days", found.valid_days, 1, LONGEST_VALID_DAYS),
        ("grace_days", found.grace_days, 0, LONGEST_GRACE_DAYS),
        ("reactivations", found.reactivations, 0, MOST_REACTIVATIONS),
    ):
        if not least <= value <= most:
            yield Fault(f"/vouchers/{name}", _between(least, most))
    yield from _worth(rule, facts)


def _worth(rule: EarningRule, facts: Facts) -> Iterator[Fault]:
    """Hold what a point is said to be worth to what the vouchers really give."""
    steps = rule.terms.vouchers.steps
    if not steps or any(step.points <= 0 for step in steps):
        return
    value = worth.of(rule)
    if not value.least <= rule.point_value <= value.most:
        yield Fault(
            "/point_value",
            _("The vouchers give %(worth)s for a point; say the same here.")
            % {"worth": words.worth_between(value.least, value.most, facts.currency)},
        )
    first = steps_of(rule)[0].points
    if rule.reward_points != first:
        yield Fault(
            "/reward_points",
            _("The first step needs %(points)s.") % {"points": words.points(first)},
        )


def ladder(rule: EarningRule, _facts: Facts) -> Iterator[Fault]:
    """Say what is wrong with the tiers."""
    found = rule.terms.ladder
    if found is None:
        return
    if not found.tiers:
        yield Fault("/ladder/tiers", _("A ladder has at least one tier."))
    if len(found.tiers) > MOST_TIERS:
        yield Fault("/ladder/tiers", _("At most %(n)s tiers.") % {"n": MOST_TIERS})
    if not 0 <= found.grace_days <= LONGEST_GRACE_DAYS:
        yield Fault("/ladder/grace_days", _between(0, LONGEST_GRACE_DAYS))
    yield from _thresholds(found)
    seen = set()
    for place, tier in enumerate(found.tiers):
        at = f"/ladder/tiers/{place}"
        if tier.key in seen:
            yield Fault(f"{at}/key", _("The name is used twice."))
        seen.add(tier.key)
        yield from _said(tier, at)


def _thresholds(found: Ladder) -> Iterator[Fault]:
    before = None
    for place, tier in enumerate(found.tiers):
        at = f"/ladder/tiers/{place}"
        if before is None and tier.needs != 0:
            yield Fault(f"{at}/needs", _("The first tier needs 0: everybody has it."))
        elif before is not None and tier.needs <= before.needs:
            yield Fault(f"{at}/needs", _("Each tier needs more than the one below."))
        if tier.keeps is not None and not 0 <= tier.keeps <= tier.needs:
            yield Fault(
                f"{at}/keeps",
                _("To stay cannot need more than to get there, nor less than 0."),
            )
        before = tier


def _said(tier: Tier, at: str) -> Iterator[Fault]:
    for language in LANGUAGES:
        name = tier.names.get(language, "")
        if not name.strip():
            yield Fault(f"{at}/names/{language}", _("Name the tier in this language."))
        elif len(name) > LONGEST_TIER_NAME:
            yield Fault(
                f"{at}/names/{language}",
                _("At most %(n)s letters.") % {"n": LONGEST_TIER_NAME},
            )
    for language in LANGUAGES:
        texts = [benefit.get(language, "") for benefit in tier.benefits]
        if any(not text.strip() for text in texts):
            yield Fault(
                f"{at}/benefits/{language}",
                _("Write every benefit in every language, a line each."),
            )
        elif any(len(text) > LONGEST_BENEFIT for text in texts):
            yield Fault(
                f"{at}/benefits/{language}",
                _("At most %(n)s letters in a line.") % {"n": LONGEST_BENEFIT},
            )


def _between(least: int, most: int) -> str:
    return _("Between %(least)s and %(most)s.") % {
        "least": words.number(least),
        "most": words.number(most),
    }
