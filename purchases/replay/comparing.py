"""Two versions beside each other and beside the ledger, member by member, in sums."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from points.rules import EarningRule
from points.tiers import rules as tier_rules
from purchases.replay.ladder import Climb
from purchases.replay.quick import Quick
from purchases.replay.reading import Act, Known
from purchases.replay.simulating import Run, Setting, Side
from purchases.replay.sums import (
    SIDES,
    Sums,
    bar_of,
    count_member,
    new_group,
    parts,
)
from purchases.replay.wallet import vouchers_of

_NOBODY = Known(balance=0, joined_on=date(2000, 1, 1))


class Difference(StrEnum):
    """Why the version in force would have given another number than the ledger has."""

    NO_VERSION = "no_version"
    OTHER_VERSION = "other_version"
    LEVEL = "level"
    RETURNS = "returns"
    MEMBER = "member"
    OTHER = "other"


@dataclass(slots=True)
class Comparison:
    """Adds members up; `force` is None while no version is in force.

    `bounds` are the first moments of the months, and of the one after the last; `last`
    is the last moment that counts, `today` its day.
    """

    setting: Setting
    draft: Quick
    force: Quick | None
    bounds: list[int]
    last: int
    today: date
    # Called between members; raises to stop.
    beat: Callable[[], None]
    starts: Callable[[EarningRule, int, Known], Climb | None]
    _draft: Side = field(init=False)
    _force: Side | None = field(init=False)
    _sums: Sums = field(init=False)
    _differences: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._draft = Side(self.draft, self.setting, self.bounds)
        self._force = (
            Side(self.force, self.setting, self.bounds) if self.force else None
        )
        self._sums = {
            "members": 0,
            "receipts": 0,
            "lines": 0,
            "ledger": 0,
            "unlike": 0,
            "voucher_rights": 0,
            "level_rights": 0,
            "rights": 0,
            "all": new_group(),
            "tiers": {},
            "stores": {},
            "bars": [0] * (2 * SIDES + 1),
        }

    def run(self, acts: Iterable[Act], known: Mapping[int, Known]) -> Sums:
        """Add up the members of a part: those with receipts, and all others known."""
        seen: set[int] = set()
        for member, some in groupby(acts, attrgetter("member")):
            self.beat()
            seen.add(member)
            self._member(member, list(some), known.get(member, _NOBODY))
        for member, each in known.items():
            if member not in seen and each.balance > 0:
                self._count_rights(each, None, None)
        return {
            **self._sums,
            "differences": self._differences,
            "draft": self._draft.as_json(),
            "force": self._force.as_json() if self._force else None,
        }

    def _member(self, member: int, acts: list[Act], known: Known) -> None:
        returned = {act.original for act in acts}
        for act in acts:
            act.has_returns = act.has_returns or act.receipt in returned
        drafted = self._play(self._draft, member, acts, known)
        forced = self._play(self._force, member, acts, known) if self._force else None
        bought = [act for act in acts if act.original is None]
        sums = self._sums
        sums["members"] += 1
        sums["receipts"] += len(bought)
        sums["lines"] += sum(len(act.lines) + len(act.returned) for act in acts)
        ledger = sum(act.net for act in bought)
        sums["ledger"] += ledger
        if forced and self._force:
            sums["unlike"] += forced.net != ledger
            self._explain(bought, forced)
        loses_right = self._count_rights(known, drafted, forced)
        difference = parts(drafted.net * self._draft.value) - (
            parts(forced.net * self._force.value) if forced and self._force else 0
        )
        sums["bars"][bar_of(difference)] += 1
        level = (forced.climb if forced else None) or drafted.climb
        stores = Counter(act.store for act in bought if act.lines)
        # The one where they bought most often, the first of equals.
        store = min(stores, key=lambda each: (-stores[each], each), default=0)
        for group in (
            sums["all"],
            sums["tiers"].setdefault(level.key if level else "", new_group()),
            sums["stores"].setdefault(str(store), new_group()),
        ):
            count_member(group, difference, loses_right=loses_right)

    def _play(self, side: Side, member: int, acts: list[Act], known: Known) -> Run:
        run = Run(side, known, self.starts(side.rule, member, known))
        # By the till's clock a return may come before its purchase.
        early: dict[int, list[Act]] = {}
        for act in acts:
            if act.original is None:
                run.buy(act)
                for returned in early.pop(act.receipt, ()):
                    run.bring_back(returned, at=act)
            elif act.original in run.nets:
                run.bring_back(act)
            else:
                early.setdefault(act.original, []).append(act)
        run.end(self.last, self.today)
        return run

    def _explain(self, bought: list[Act], forced: Run) -> None:
        """Count what differs from the ledger under the first reason that holds."""
        for act in bought:
            points = forced.nets[act.receipt] - act.net
            if not points:
                continue
            count = self._differences.setdefault(self._why(act, forced), [0, 0])
            count[0] += 1
            count[1] += points

    def _why(self, act: Act, forced: Run) -> Difference:
        rule = self.force.rule if self.force else None
        if act.rule is None or rule is None:
            return Difference.NO_VERSION
        if act.rule != rule.id:
            return Difference.OTHER_VERSION
        if forced.tiers.get(act.receipt, "") != act.tier:
            return Difference.LEVEL
        if act.has_returns:
            return Difference.RETURNS
        if rule.terms.asks_about_member:
            return Difference.MEMBER
        return Difference.OTHER

    def _count_rights(
        self, known: Known, drafted: Run | None, forced: Run | None
    ) -> bool:
        """Count whether a member has something by today that the draft takes away."""
        if self._force is None:
            return False
        loses_voucher = _voucher_worth(known, self._force) > _voucher_worth(
            known, self._draft
        )
        loses_level = bool(
            forced and drafted and _is_lower(drafted.climb, forced.climb)
        )
        self._sums["voucher_rights"] += loses_voucher
        self._sums["level_rights"] += loses_level
        self._sums["rights"] += loses_voucher or loses_level
        return loses_voucher or loses_level


def _voucher_worth(known: Known, side: Side) -> Decimal:
    return vouchers_of(known.balance, side.steps)[1]


def _is_lower(drafted: Climb | None, forced: Climb | None) -> bool:
    """Tell whether the draft leaves a member below the level that is theirs.

    A level that the draft does not have counts as the nearest lower one.
    """
    if forced is None or forced.rank == 0:
        return False
    if drafted is None:
        return True
    return drafted.rank < tier_rules.nearest(drafted.keys, forced.key, forced.keys)
