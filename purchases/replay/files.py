"""A replay's result as rows of a file: bare numbers, so that a sheet can add them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from purchases.replay import shown
from purchases.replay.models import Replay
from purchases.replay.parts import months_of


def lines_of(replay: Replay) -> Iterator[list[Any]]:
    """Yield figures, then months, then tiers and stores, each under its headings.

    An empty cell is a number of so few members that it is not told.
    """
    result = replay.result
    yield [_("What"), shown.version_name(replay.rule), _("Version in force")]
    if not result.get("members"):
        return
    for name, (label, _is_money, _note) in shown.FIGURES.items():
        yield [
            label,
            shown.value_of_figure(result["draft"], name),
            shown.value_of_figure(result["force"], name),
        ]
    yield []
    yield from _months(replay)
    for kind, names, groups in (
        (_("Tier"), shown.tier_names(replay), result["tiers"]),
        (_("Store"), shown.store_names(replay), result["stores"]),
    ):
        yield []
        yield from _groups(kind, names, groups)


def _months(replay: Replay) -> Iterator[list[Any]]:
    draft, force = replay.result["draft"], replay.result["force"]
    yield [
        _("Month"),
        _("Points issued"),
        _("Points issued, version in force"),
        _("Liability"),
        _("Liability, version in force"),
    ]
    for place, month in enumerate(months_of(replay)):
        yield [
            f"{month:%Y-%m}",
            draft["monthly"][place],
            force["monthly"][place] if force else None,
            Decimal(draft["liability"][place]),
            Decimal(force["liability"][place]) if force else None,
        ]


def _groups(
    kind: str, names: Mapping[str, str], groups: Mapping[str, Mapping[str, Any]]
) -> Iterator[list[Any]]:
    yield [
        kind,
        _("Members"),
        _("Lose"),
        _("Lose on average"),
        _("Win"),
        _("Win on average"),
        _("Lose a right"),
        _("Difference"),
    ]
    for key in sorted(groups, key=lambda each: names.get(each, each)):
        group = groups[key]
        yield [
            names.get(key, key),
            group["members"],
            group["losers"],
            _money(group["lost"]),
            group["winners"],
            _money(group["won"]),
            group["rights"],
            _money(group["difference"]),
        ]


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
