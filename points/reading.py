"""A version's terms as JSON, to and fro: `load(dump(terms)) == terms`.

JSON because versions are kept for ever and read by other programs too; every value is
written out, money and factors as text, so that nothing is lost on the way.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from points.terms import (
    Action,
    Birthday,
    Discounts,
    ExpiryKind,
    Goods,
    Ladder,
    Measure,
    Money,
    Multiplier,
    Per,
    ReturnPolicy,
    Rounding,
    Stacking,
    Tax,
    Terms,
    Tier,
    VoucherMode,
    Vouchers,
    VoucherStep,
    When,
    Window,
)

Json = Mapping[str, Any]
_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class Unreadable(ValueError):
    """Raised for terms that are not in the form; says where, as a JSON pointer."""

    def __init__(self, pointer: str) -> None:
        super().__init__(f"Not readable: {pointer}")
        self.pointer = pointer


def dump(terms: Terms) -> dict[str, Any]:
    """Return terms as JSON."""
    return {
        "tax": terms.tax.value,
        "discounts": terms.discounts.value,
        "excluded": _dump_goods(terms.excluded),
        "rounding": terms.rounding.value,
        "stacking": terms.stacking.value,
        "multipliers": [
            {
                "key": each.key,
                "factor": str(each.factor),
                "when": _dump_when(each.when),
            }
            for each in terms.multipliers
        ],
        "actions": [
            {
                "key": each.key,
                "event": each.event,
                "points": each.points,
                "per": each.per.value,
                "times": each.times,
            }
            for each in terms.actions
        ],
        "pending_days": terms.pending_days,
        "expiry": terms.expiry.value,
        "expiry_day": list(terms.expiry_day),
        "expiry_years": terms.expiry_years,
        "returns": terms.returns.value,
        "vouchers": {
            "mode": terms.vouchers.mode.value,
            "steps": [
                {
                    "points": step.points,
                    "value": str(step.value),
                    "needs_purchase": step.needs_purchase,
                }
                for step in terms.vouchers.steps
            ],
            "valid_days": terms.vouchers.valid_days,
            "grace_days": terms.vouchers.grace_days,
            "reactivations": terms.vouchers.reactivations,
        },
        "ladder": _dump_ladder(terms.ladder) if terms.ladder else None,
        "currencies": {
            code: {
                "points_per_unit": str(money.points_per_unit),
                "point_value": str(money.point_value),
            }
            for code, money in terms.currencies.items()
        },
    }


def load(stored: Json) -> Terms:
    """Return the terms in JSON; what is not there is as in a programme without it.

    Raises:
        Unreadable: something is of another form.
    """
    default = Terms()
    at = _At(stored, "")
    day = at.items("expiry_day", int) or list(default.expiry_day)
    if len(day) != 2:
        raise Unreadable("/expiry_day")
    return Terms(
        tax=at.enum("tax", Tax, default.tax),
        discounts=at.enum("discounts", Discounts, default.discounts),
        excluded=_load_goods(at.part("excluded")),
        rounding=at.enum("rounding", Rounding, default.rounding),
        stacking=at.enum("stacking", Stacking, default.stacking),
        multipliers=tuple(map(_load_multiplier, at.parts("multipliers"))),
        actions=tuple(map(_load_action, at.parts("actions"))),
        pending_days=at.number("pending_days", default.pending_days),
        expiry=at.enum("expiry", ExpiryKind, default.expiry),
        expiry_day=(day[0], day[1]),
        expiry_years=at.number("expiry_years", default.expiry_years),
        returns=at.enum("returns", ReturnPolicy, default.returns),
        vouchers=_load_vouchers(at.part("vouchers")),
        ladder=_load_ladder(at.part("ladder")) if stored.get("ladder") else None,
        currencies={
            code: Money(each.money("points_per_unit"), each.money("point_value"))
            for code, each in at.named("currencies")
        },
    )


@lru_cache(maxsize=256)
def load_text(stored: str) -> Terms:
    """Return the terms in a JSON text; the few versions are read again and again."""
    return load(json.loads(stored))


class _At:
    """A JSON object and where it is, so that a fault can say its place."""

    def __init__(self, value: object, pointer: str) -> None:
        if not isinstance(value, Mapping):
            raise Unreadable(pointer or "/")
        self.value = value
        self.pointer = pointer

    def read(
        self, name: str, make: Callable[[Any], _T], default: _T | None = None
    ) -> _T:
        value = self.value.get(name)
        if value is None:
            if default is None:
                raise Unreadable(f"{self.pointer}/{name}")
            return default
        try:
            return make(value)
        except (TypeError, ValueError, InvalidOperation) as error:
            raise Unreadable(f"{self.pointer}/{name}") from error

    def enum(self, name: str, kind: type[_E], default: _E) -> _E:
        return self.read(name, kind, default)

    def number(self, name: str, default: int | None = None) -> int:
        return self.read(name, _whole, default)

    def money(self, name: str) -> Decimal:
        return self.read(name, _exact)

    def text(self, name: str) -> str:
        return self.read(name, _text)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.value.get(name, default)
        if not isinstance(value, bool):
            raise Unreadable(f"{self.pointer}/{name}")
        return value

    def items(self, name: str, make: Callable[[Any], _T]) -> list[_T]:
        value = self.value.get(name) or []
        if not isinstance(value, list):
            raise Unreadable(f"{self.pointer}/{name}")
        try:
            return [make(each) for each in value]
        except (TypeError, ValueError) as error:
            raise Unreadable(f"{self.pointer}/{name}") from error

    def part(self, name: str) -> "_At":
        return _At(self.value.get(name) or {}, f"{self.pointer}/{name}")

    def parts(self, name: str) -> "list[_At]":
        return [
            _At(each, f"{self.pointer}/{name}/{place}")
            for place, each in enumerate(self.items(name, lambda value: value))
        ]

    def named(self, name: str) -> "list[tuple[str, _At]]":
        part = self.part(name)
        return [
            (str(key), _At(value, f"{part.pointer}/{key}"))
            for key, value in part.value.items()
        ]


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _exact(value: object) -> Decimal:
    if not isinstance(value, str):
        raise TypeError
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError
    return {_text(key): _text(text) for key, text in value.items()}


def _dump_goods(goods: Goods) -> dict[str, Any]:
    return {
        "groups": list(goods.groups),
        "categories": list(goods.categories),
        "brands": list(goods.brands),
        "skus": list(goods.skus),
    }


def _load_goods(at: _At) -> Goods:
    return Goods(
        groups=tuple(at.items("groups", _text)),
        categories=tuple(at.items("categories", _text)),
        brands=tuple(at.items("brands", _text)),
        skus=tuple(at.items("skus", _text)),
    )


def _dump_when(when: When) -> dict[str, Any]:
    return {
        "goods": _dump_goods(when.goods),
        "stores": list(when.stores),
        "channels": list(when.channels),
        "weekdays": list(when.weekdays),
        "hours": [each.isoformat("minutes") for each in when.hours or ()],
        "tiers": list(when.tiers),
        "first_purchase": when.first_purchase,
        "birthday": when.birthday.value if when.birthday else None,
        "starts_on": when.starts_on.isoformat() if when.starts_on else None,
        "ends_on": when.ends_on.isoformat() if when.ends_on else None,
        "least_total": None if when.least_total is None else str(when.least_total),
    }


def _load_when(at: _At) -> When:
    hours = at.items("hours", time.fromisoformat)
    if hours and len(hours) != 2:
        raise Unreadable(f"{at.pointer}/hours")
    return When(
        goods=_load_goods(at.part("goods")),
        stores=tuple(at.items("stores", _text)),
        channels=tuple(at.items("channels", _text)),
        weekdays=tuple(at.items("weekdays", _whole)),
        hours=(hours[0], hours[1]) if hours else None,
        tiers=tuple(at.items("tiers", _text)),
        first_purchase=at.flag("first_purchase", default=False),
        birthday=_optional(at, "birthday", Birthday),
        starts_on=_optional(at, "starts_on", date.fromisoformat),
        ends_on=_optional(at, "ends_on", date.fromisoformat),
        least_total=_optional(at, "least_total", _exact),
    )


def _optional(at: _At, name: str, make: Callable[[Any], _T]) -> _T | None:
    return None if at.value.get(name) is None else at.read(name, make)


def _load_multiplier(at: _At) -> Multiplier:
    return Multiplier(at.text("key"), at.money("factor"), _load_when(at.part("when")))


def _load_action(at: _At) -> Action:
    return Action(
        key=at.text("key"),
        event=at.text("event"),
        points=at.number("points"),
        per=at.enum("per", Per, Per.ONCE),
        times=at.number("times", 1),
    )


def _load_vouchers(at: _At) -> Vouchers:
    default = Vouchers()
    return Vouchers(
        mode=at.enum("mode", VoucherMode, default.mode),
        steps=tuple(
            VoucherStep(
                step.number("points"),
                step.money("value"),
                step.flag("needs_purchase", default=True),
            )
            for step in at.parts("steps")
        ),
        valid_days=at.number("valid_days", default.valid_days),
        grace_days=at.number("grace_days", default.grace_days),
        reactivations=at.number("reactivations", default.reactivations),
    )


def _dump_ladder(ladder: Ladder) -> dict[str, Any]:
    return {
        "measure": ladder.measure.value,
        "window": ladder.window.value,
        "tiers": [
            {
                "key": tier.key,
                "names": dict(tier.names),
                "needs": str(tier.needs),
                "keeps": None if tier.keeps is None else str(tier.keeps),
                "benefits": [dict(benefit) for benefit in tier.benefits],
            }
            for tier in ladder.tiers
        ],
        "grace_days": ladder.grace_days,
        "soft_landing": ladder.soft_landing,
    }


def _load_ladder(at: _At) -> Ladder:
    default = Ladder()
    return Ladder(
        measure=at.enum("measure", Measure, default.measure),
        window=at.enum("window", Window, default.window),
        tiers=tuple(
            Tier(
                key=tier.text("key"),
                names=tier.read("names", _texts),
                needs=tier.money("needs"),
                keeps=_optional(tier, "keeps", _exact),
                benefits=tuple(tier.items("benefits", _texts)),
            )
            for tier in at.parts("tiers")
        ),
        grace_days=at.number("grace_days", default.grace_days),
        soft_landing=at.flag("soft_landing", default=default.soft_landing),
    )
