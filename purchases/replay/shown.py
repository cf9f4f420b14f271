"""A replay as its pages show it: text and drawings made from the stored result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from common.money import display
from common.ui.charts import Bar, Chart, as_decimal, bars, line_chart
from common.ui.progress import Progress
from common.ui.progress import State as Job
from points.models import EarningRule
from points.reading import Unreadable
from points.selectors import value_of
from points.words import number, points
from purchases.replay import words
from purchases.replay.models import Replay
from purchases.replay.outcome import OTHERS
from purchases.replay.parts import months_of
from purchases.replay.selectors import is_outdated
from stores.models import Store

State = Replay.State
Text = str | Promise
# Each figure's name in the result, what it is called, whether it is money, and a note.
FIGURES: dict[str, tuple[Text, bool, Text]] = {
    "issued": (_lazy("Points issued"), False, ""),
    "taken": (_lazy("Taken back for returns"), False, ""),
    "net": (_lazy("Points after returns"), False, ""),
    "cost": (
        _lazy("Cost, if all points are used"),
        True,
        _lazy("Points after returns at the worth of a point."),
    ),
    "expected": (
        _lazy("Expected cost"),
        True,
        _lazy("Of the points that are expected to be used."),
    ),
    "vouchers": (_lazy("Vouchers"), False, ""),
    "voucher_value": (_lazy("Worth of the vouchers"), True, ""),
    "expired": (_lazy("Points that lapsed"), False, ""),
    "open": (
        _lazy("Points still open"),
        False,
        _lazy("Not enough for a voucher, or not usable yet."),
    ),
    "owed": (
        _lazy("Liability at the end"),
        True,
        _lazy("By IFRS 15, counted as in the books."),
    ),
    "rose": (_lazy("Moves up the tiers"), False, ""),
    "fell": (_lazy("Moves down the tiers"), False, ""),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the comparison: what it is, by the draft, in force, between them."""

    label: Text
    draft: str
    force: str
    difference: str
    note: Text = ""

    @property
    def beside(self) -> str:
        """Return what stands below the figure on its own."""
        if self.force == "–":
            return ""
        return _("%(force)s in force, %(difference)s") % {
            "force": self.force,
            "difference": self.difference,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Some members: how many win and lose, and how much on average."""

    name: str
    members: str
    losers: str
    lost: str
    winners: str
    won: str
    rights: str
    difference: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A finished replay."""

    replay: Replay
    is_outdated: bool
    summary: list[str]
    figures: list[Figure]
    liability: Chart | None = None
    tiers: Sequence[Group] = ()
    stores: Sequence[Group] = ()
    bars: Sequence[Bar] = ()
    # By the version in force: what the replay gives and the ledger has, and why.
    replayed: str = ""
    ledger: str = ""
    differences: Sequence[tuple[str, str, str]] = ()
    assumptions: Sequence[str] = ()

    @property
    def kpis(self) -> list[Figure]:
        """Return the figures that come first."""
        names = list(FIGURES)
        wanted = ("net", "vouchers", "expected", "owed")
        return [self.figures[names.index(name)] for name in wanted]

    @property
    def has_members(self) -> bool:
        """Tell whether anybody bought anything."""
        return bool(self.replay.result.get("members"))


def show(replay: Replay, *, now: datetime, in_full: bool = True) -> Shown:
    """Return a finished replay as it is shown, or without its groups and drawings."""
    rule, result = replay.rule, replay.result
    currency = replay.programme.currency
    brief = Shown(
        replay=replay,
        is_outdated=is_outdated(replay, rule=rule, now=now),
        summary=words.summary(replay, currency),
        figures=figures(result, currency) if result.get("members") else [],
    )
    if not in_full or not brief.has_members:
        return brief
    force = result["force"]
    return replace(
        brief,
        liability=liability_chart(replay, currency),
        tiers=_groups(result["tiers"], tier_names(replay), currency),
        stores=_groups(result["stores"], store_names(replay), currency),
        bars=_bars(result["bars"], currency),
        replayed=points(force["net"]) if force else "",
        ledger=points(result["ledger"]["points"]),
        differences=_differences(result) if force else [],
        assumptions=_assumptions(replay),
    )


def job_of(replay: Replay) -> Progress:
    """Return how far a replay is."""
    is_known = replay.total is not None
    return Progress(
        state=Job.WAITING if replay.state == State.WAITING else Job.RUNNING,
        title=_("Trying the version on past purchases"),
        done=replay.done,
        total=replay.total or None,
        message=_("Receipts, one member after the other.")
        if is_known
        else _("Looking for the receipts."),
        key="replay-job",
    )


def figures(result: Mapping[str, Any], currency: str) -> list[Figure]:
    """Return the comparison line by line."""

    def money(value: Decimal) -> str:
        return display(value, currency, ore=False)

    return [
        _figure(result, name, label, money if is_money else _number, note)
        for name, (label, is_money, note) in FIGURES.items()
    ]


def value_of_figure(side: Mapping[str, Any] | None, name: str) -> Decimal | None:
    """Return a figure of one version; None without it."""
    if side is None:
        return None
    if name == "owed":
        return Decimal(side["liability"][-1]) if side["liability"] else None
    return Decimal(side[name])


def liability_chart(replay: Replay, currency: str) -> Chart | None:
    """Draw what would be owed at the end of each month."""
    result = replay.result
    force = result["force"]
    return line_chart(
        labels=[
            formats.date_format(month, "YEAR_MONTH_FORMAT")
            for month in months_of(replay)
        ],
        now=[Decimal(each) for each in result["draft"]["liability"]],
        now_name=version_name(replay.rule),
        then=[Decimal(each) for each in force["liability"]] if force else (),
        then_name=_("Version in force") if force else "",
        write=lambda value: display(as_decimal(value), currency, ore=False),
        # A month and its year are long on a phone.
        captions=3,
    )


def version_name(rule: EarningRule) -> str:
    """Return what a version is called on these pages."""
    return _("Version %(n)s") % {"n": rule.version}


def _figure(
    result: Mapping[str, Any],
    name: str,
    label: Text,
    write: Callable[[Decimal], str],
    note: Text,
) -> Figure:
    draft = value_of_figure(result["draft"], name)
    force = value_of_figure(result["force"], name)
    if draft is None:
        return Figure(label, "–", "–", "–", note)
    if force is None:
        return Figure(label, write(draft), "–", "–", note)
    apart = draft - force
    sign = "+" if apart > 0 else "−" if apart < 0 else "±"
    return Figure(label, write(draft), write(force), sign + write(abs(apart)), note)


def _number(value: Decimal) -> str:
    return number(int(value))


def group_names(replay: Replay) -> dict[str, str]:
    """Return what groups are called that have no name of their own."""
    return {
        "": _("Without a tier"),
        OTHERS: pgettext("members of small groups", "Others"),
    }


def tier_names(replay: Replay) -> dict[str, str]:
    """Return the tiers' names by key, from the lowest up, in the active language."""
    names: dict[str, str] = {}
    for rule in (replay.rule, replay.beside):
        if rule is not None:
            names = _names_of(rule) | names
    return names | group_names(replay)


def store_names(replay: Replay) -> dict[str, str]:
    """Return the stores' names by inner key, as text."""
    stores = Store.objects.filter(programme=replay.programme_id).order_by("name")
    names = {str(pk): name for pk, name in stores.values_list("pk", "name")}
    return names | group_names(replay)


def _names_of(rule: EarningRule) -> dict[str, str]:
    language = (get_language() or "")[:2]
    try:
        ladder = value_of(rule).terms.ladder
    except Unreadable:
        return {}
    return {
        tier.key: tier.names.get(language) or tier.names.get("en") or tier.key
        for tier in (ladder.tiers if ladder else ())
    }


def _groups(
    groups: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], currency: str
) -> list[Group]:
    """Return groups as rows, in the order of their names."""
    order = {key: place for place, key in enumerate(names)}
    keys = sorted(groups, key=lambda key: order.get(key, len(order)))
    return [
        Group(
            name=names.get(key, key),
            members=number(group["members"]),
            losers=words.count(group["losers"]),
            lost=words.average(group["lost"], currency),
            winners=words.count(group["winners"]),
            won=words.average(group["won"], currency),
            rights=words.count(group["rights"]),
            difference=words.signed(group["difference"], currency),
        )
        for key in keys
        for group in (groups[key],)
    ]


def _bars(numbers: Sequence[int | None], currency: str) -> list[Bar]:
    drawn = bars(
        [
            (label, members or 0)
            for label, members in zip(words.bars(currency), numbers, strict=True)
        ],
        of_largest=True,
    )
    return [
        bar if members is not None else Bar(bar.label, words.count(None), "", "0")
        for bar, members in zip(drawn, numbers, strict=True)
    ]


def _differences(result: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    found = result["ledger"]["differences"]
    return [
        (
            words.difference(reason),
            number(receipts),
            ("+" if apart > 0 else "−") + number(abs(apart)),
        )
        for reason, (receipts, apart) in sorted(found.items())
    ]


def _assumptions(replay: Replay) -> list[str]:
    try:
        rule = value_of(replay.rule)
    except Unreadable:
        return []
    return words.assumptions(replay, rule)
