"""What a point is worth: fixed by the vouchers, or a range where they differ."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from points.rules import EarningRule

# A hundredth of an öre: what the worth of a point is kept in.
NEAREST = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Worth:
    """The worth of one point in the programme's currency; equal unless steps differ."""

    least: Decimal
    most: Decimal


def of(rule: EarningRule) -> Worth:
    """Return what a point is worth by the vouchers that it can become."""
    each = [
        (step.value / step.points).quantize(NEAREST, rounding=ROUND_HALF_UP)
        for step in rule.terms.vouchers.steps
        if step.points > 0
    ]
    if not each:
        return Worth(rule.point_value, rule.point_value)
    return Worth(min(each), max(each))
