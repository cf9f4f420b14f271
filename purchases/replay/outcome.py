"""What a replay says, from its sums: figures, and never of so few as to tell one.

Money as text, so that JSON loses nothing. Where there are some members and fewer than
`FEWEST`, their number is None and nothing is said of their money.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from points.books.liability import contract_liability
from points.models import EarningRule
from purchases.replay.models import Replay
from purchases.replay.sums import Sums, add, money_of, new_group

FEWEST = 5
# The group of all those whose own would be too small.
OTHERS = "others"
_OERE = Decimal("0.01")
_HUNDRED = Decimal(100)


def of(replay: Replay, total: Sums | None) -> dict[str, Any]:
    """Return the result of a replay; `total` is None where the club has no members."""
    if total is None or not total["members"]:
        return {"members": 0, "receipts": 0, "rights": {"members": 0}}
    share = Decimal(1) if replay.used_share is None else replay.used_share / _HUNDRED
    everybody = total["all"]
    return {
        "members": total["members"],
        "receipts": total["receipts"],
        "lines": total["lines"],
        "draft": side_of(total["draft"], replay.rule, share),
        "force": (
            side_of(total["force"], replay.beside, share)
            if replay.beside and total["force"]
            else None
        ),
        "ledger": {
            "points": total["ledger"],
            "unlike": shown(total["unlike"]),
            "differences": total["differences"],
        },
        "all": group_of(everybody),
        "tiers": groups_of(total["tiers"]),
        "stores": groups_of(total["stores"]),
        "bars": [shown(number) for number in total["bars"]],
        "rights": {
            "members": shown(total["rights"]),
            "vouchers": shown(total["voucher_rights"]),
            "levels": shown(total["level_rights"]),
        },
    }


def shown(number: int) -> int | None:
    """Return a number of members, or None where they are too few to be shown."""
    return None if 0 < number < FEWEST else number


def side_of(sums: Sums, rule: EarningRule, share: Decimal) -> dict[str, Any]:
    """Return the figures of one version."""
    net = sums["issued_points"] - sums["taken_points"]
    cost = net * rule.point_value
    used, expired = sum(sums["used"]), sum(sums["expired"])
    return {
        "version": rule.version,
        "earning": sums["earning"],
        "issued": sums["issued_points"],
        "taken": sums["taken_points"],
        "net": net,
        "vouchers": sums["vouchers"],
        "voucher_value": _text(money_of(sums["voucher_value"])),
        "used": used,
        "expired": expired,
        "open": sums["open"],
        "debt": sums["debt"],
        "cost": _text(cost),
        "expected": _text(cost * share),
        "monthly": sums["issued"],
        "liability": [_text(each) for each in liability_of(sums, rule, share)],
        "tiers": {key: shown(number) for key, number in sums["tiers"].items()},
        "rose": sums["rose"],
        "fell": sums["fell"],
    }


def liability_of(sums: Sums, rule: EarningRule, share: Decimal) -> list[Decimal]:
    """Return what would be owed at the end of each month, as the books count it."""
    months = len(sums["issued"])
    owed = []
    for end in range(months):
        total = Decimal(0)
        for earned in range(end + 1):
            done = {
                what: sum(
                    sums[what][earned * months + earned : earned * months + end + 1]
                )
                for what in ("used", "expired", "taken", "back")
            }
            issued = sums["issued"][earned] - done["taken"]
            outstanding = issued - done["used"] - done["expired"]
            if outstanding <= 0:
                continue
            liability = contract_liability(
                sales=money_of(sums["sales"][earned] - done["back"]),
                issued_worth=issued * rule.point_value,
                used_worth=done["used"] * rule.point_value,
                used_share=share,
            )
            total += min(liability, outstanding * rule.point_value)
        owed.append(total)
    return owed


def group_of(group: Mapping[str, int]) -> dict[str, Any]:
    """Return how many of a group win and lose, and how much on average."""
    winners, losers = shown(group["winners"]), shown(group["losers"])
    return {
        "members": group["members"],
        "winners": winners,
        "won": _average(group["won"], winners),
        "losers": losers,
        "lost": _average(group["lost"], losers),
        "rights": shown(group["rights"]),
        # Of two numbers of which one is hidden the sum would tell the other.
        "difference": (
            None
            if winners is None or losers is None
            else _text(money_of(group["difference"]))
        ),
    }


def groups_of(groups: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Any]]:
    """Return groups by name, those too small together as one.

    What is left over would tell a small group's figures: as many join it as it takes.
    """
    by_size = sorted(groups.items(), key=lambda each: (each[1]["members"], each[0]))
    rest: Mapping[str, int] = new_group()
    kept = dict(by_size)
    for name, group in by_size:
        if group["members"] >= FEWEST and not 0 < rest["members"] < FEWEST:
            break
        rest = add(rest, group)
        del kept[name]
    found = {name: group_of(group) for name, group in kept.items()}
    if rest["members"] >= FEWEST:
        found[OTHERS] = group_of(rest)
    return found


def _average(sum_of_all: int, number: int | None) -> str | None:
    return _text(money_of(sum_of_all) / number) if number else None


def _text(money: Decimal) -> str:
    return str(money.quantize(_OERE, rounding=ROUND_HALF_UP))
