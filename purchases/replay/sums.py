"""What a replay keeps of its members: sums, which parts of it add up to.

Whole numbers all through, money in ten-thousandths of the currency's unit (points are
worth something with four decimals), so that the order of adding changes nothing.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Sums = dict[str, Any]

# Differences per member, in whole units of the currency: the bounds of the bars. A bar
# holds what is above its lower bound, up to and with its upper one, on the way from
# zero outwards; the one in the middle is exactly zero.
BOUNDS = (10, 50, 100, 250, 500)
# As many bars on each side of the one for no difference.
SIDES = len(BOUNDS) + 1
_PARTS = 10_000


def parts(money: Decimal) -> int:
    """Return money in ten-thousandths."""
    return int((money * _PARTS).to_integral_value(rounding=ROUND_HALF_UP))


def money_of(whole: int) -> Decimal:
    """Return ten-thousandths as money."""
    return Decimal(whole) / _PARTS


def add(left: Any, right: Any) -> Any:
    """Return two sums added: numbers add up, lists place by place, names by name."""
    if isinstance(left, Mapping):
        return {
            name: add(left[name], right[name])
            if name in left and name in right
            else left.get(name, right.get(name))
            for name in [*left, *(name for name in right if name not in left)]
        }
    if isinstance(left, list):
        return [add(a, b) for a, b in zip(left, right, strict=True)]
    return left + right


def bar_of(difference: int) -> int:
    """Return which bar of the distribution a member's difference belongs to."""
    if difference == 0:
        return SIDES
    steps = 1 + sum(abs(difference) > bound * _PARTS for bound in BOUNDS)
    return SIDES + (steps if difference > 0 else -steps)


def new_group() -> dict[str, int]:
    """Return the sums of no members yet."""
    return dict.fromkeys(
        ("members", "winners", "won", "losers", "lost", "rights", "difference"), 0
    )


def count_member(group: dict[str, int], difference: int, *, loses_right: bool) -> None:
    """Count one member in a group."""
    group["members"] += 1
    group["difference"] += difference
    if difference > 0:
        group["winners"] += 1
        group["won"] += difference
    elif difference < 0:
        group["losers"] += 1
        group["lost"] -= difference
    group["rights"] += loses_right
